internal import Glibc
internal import RepriseEventLoop
internal import RepriseVocabulary

/// Loads a shared object with a router in a child process, since code that crashes takes its process along.
package enum LibraryProbe {
    /// How long loading it may take.
    package static let patience = Duration.seconds(10)
    /// The command's word for ``run(_:_:)``.
    package static let word = "probe-router"

    /// In the child: loads a library, makes a router with it, and ends it.
    ///
    /// - Returns: why that is not possible; `nil` when it is.
    package static func run(_ path: String, _ argument: String) -> String? {
        do throws(PluginFailure) {
            _ = try PluginRouter(path, argument: argument)
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// In the parent: has this program look at a library.
    ///
    /// - Returns: why it cannot be used; `nil` when it can.
    package static func fault(of path: String, _ argument: String) -> String? {
        var ends: [CInt] = [0, 0]
        guard pipe(&ends) == 0 else { return "no pipe: \(String(cString: strerror(errno)))" }
        defer { close(ends[0]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        var words = ["reprise", word, path, argument].map { (text: String) in strdup(text) } + [nil]
        defer { for word in words { free(word) } }
        var child: pid_t = 0
        let failure = posix_spawn(&child, "/proc/self/exe", &actions, nil, &words, environ)
        close(ends[1])
        guard failure == 0 else { return "no process to look at it: \(String(cString: strerror(failure)))" }
        let (said, isOver) = read(ends[0])
        if !isOver { kill(child, SIGKILL) }
        var status: CInt = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        guard isOver else { return "does not come back from being loaded within \(patience.written)" }
        let signal = status & 0x7f
        if signal != 0 { return "crashes when it is loaded (signal \(signal), \(String(cString: strsignal(signal))))" }
        return status >> 8 & 0xff == 0 ? nil : said.isEmpty ? "ends the process when it is loaded" : said
    }

    /// What the child says, and whether it has ended in time.
    private static func read(_ pipe: CInt) -> (said: String, isOver: Bool) {
        var said: [UInt8] = []
        let end = Clocks.monotonic() + patience
        while true {
            let left = (end - Clocks.monotonic()).wholeNanoseconds / 1_000_000
            var interest = pollfd(fd: pipe, events: CShort(POLLIN), revents: 0)
            guard left > 0, poll(&interest, 1, CInt(left)) > 0 else {
                if left > 0, errno == EINTR { continue }
                return ("", false)
            }
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = Glibc.read(pipe, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return (String(decoding: said.prefix(1000), as: UTF8.self), true) }
            if said.count < 4096 { said += buffer.prefix(count) }
        }
    }
}
