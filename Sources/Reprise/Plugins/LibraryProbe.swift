internal import Glibc
internal import RepriseEventLoop
internal import RepriseVocabulary

/// Loads a shared object with a router in a child process, since code that crashes takes its process along.
package enum LibraryProbe {
    /// How long loading it may take.
    package static let patience = Duration.seconds(10)
    /// The command's word for ``answer(in:)``.
    package static let word = "probe-router"

    /// How the child is told, so that nothing is taken for an option.
    private static let (path, argument) = ("REPRISE_PROBE_LIBRARY", "REPRISE_PROBE_ARGUMENT")
    /// Where the child answers: what it prints itself goes nowhere.
    private static let report: CInt = 3
    /// Only the last word of the child means that all went well, and no status of a process that ended before.
    private static let good = "good"

    /// In the child: loads the library that the environment names, makes a router with it, ends it, and answers.
    package static func answer(in environment: [String: String]) {
        _ = fcntl(report, F_SETFD, FD_CLOEXEC)
        var words = good
        do throws(PluginFailure) {
            _ = try PluginRouter(environment[path] ?? "", argument: environment[argument] ?? "")
        } catch {
            words = "\(error)"
        }
        let bytes = Array(words.utf8)
        _ = write(report, bytes, bytes.count)
    }

    /// In the parent: has this program look at a library.
    ///
    /// - Returns: why it cannot be used; `nil` when it can.
    package static func fault(of library: String, _ argument: String) -> String? {
        var ends: [CInt] = [0, 0]
        guard pipe(&ends) == 0 else { return "no pipe to look at it: \(String(cString: strerror(errno)))" }
        defer { close(ends[0]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        let child = spawn(library, argument, reporting: ends[1])
        close(ends[1])
        switch child {
        case .failure(let failure): return failure.description
        case .success(let child): return judge(child, saying: ends[0])
        }
    }

    private static func spawn(
        _ library: String, _ argument: String, reporting end: CInt
    ) -> Result<pid_t, PluginFailure> {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in STDIN_FILENO...STDERR_FILENO {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        posix_spawn_file_actions_adddup2(&actions, end, report)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own, so that what it starts ends with it.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var words = ["reprise", word].map { (text: String) in strdup(text) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = []
        var next: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = environ
        while let place = next, let variable = place.pointee {
            variables.append(strdup(variable))
            next = place.advanced(by: 1)
        }
        variables +=
            ["\(path)=\(library)", "\(Self.argument)=\(argument)"].map { (text: String) in strdup(text) } + [nil]
        defer { for text in words + variables { free(text) } }
        var child: pid_t = 0
        let failure = posix_spawn(&child, "/proc/self/exe", &actions, &attributes, &words, &variables)
        guard failure == 0 else {
            return .failure(PluginFailure("no process to look at it: \(String(cString: strerror(failure)))"))
        }
        return .success(child)
    }

    /// Waits for the child's end, and no longer than ``patience``.
    private static func judge(_ child: pid_t, saying pipe: CInt) -> String? {
        let end = Clocks.monotonic() + patience
        var (said, status): ([UInt8], CInt) = ([], 0)
        while true {
            var interest = pollfd(fd: pipe, events: CShort(POLLIN), revents: 0)
            // An end of the pipe alone says nothing: the child may have closed it, or somebody else may hold it.
            if poll(&interest, 1, 20) > 0, !take(from: pipe, into: &said) { poll(nil, 0, 5) }
            let ended = waitpid(child, &status, WNOHANG)
            if ended == child { break }
            guard Clocks.monotonic() < end else {
                kill(-child, SIGKILL)
                while waitpid(child, &status, 0) < 0, errno == EINTR {}
                return "does not come back from being loaded within \(patience.written)"
            }
        }
        while take(from: pipe, into: &said) {}
        kill(-child, SIGKILL)
        let signal = status & 0x7f
        if signal != 0 { return "crashes when it is loaded (signal \(signal), \(String(cString: strsignal(signal))))" }
        let words = String(decoding: said, as: UTF8.self)
        return words == good ? nil : words.isEmpty ? "ends the process when it is loaded" : words
    }

    /// - Returns: whether anything came.
    private static func take(from pipe: CInt, into said: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(pipe, &buffer, buffer.count)
        guard count > 0 else { return false }
        if said.count < 1000 { said += buffer.prefix(count) }
        return true
    }
}
