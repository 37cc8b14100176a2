internal import Glibc

/// A command of the user's that runs beside a load test, such as one that has a server change its ticket keys.
///
/// What it writes goes to standard error: standard output is for the report alone.
struct ShellCommand {
    private var child: pid_t?
    /// Its exit code, 128 and the signal's number where one has ended it; `nil` while it runs.
    private(set) var status: Int?

    /// Starts it by `/bin/sh -c`; one that cannot be started has the status 127, as in a shell.
    init(_ text: String) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // It gets signals as a program expects them, and Ctrl-C, which is for us, only from us.
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigaddset(&signals, SIGPIPE)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var words: [UnsafeMutablePointer<CChar>?] = ["sh", "-c", text].map { (word: String) in strdup(word) } + [nil]
        defer { for word in words { free(word) } }
        var child = pid_t()
        if posix_spawn(&child, "/bin/sh", &actions, &attributes, &words, environ) == 0 {
            self.child = child
        } else {
            status = 127
        }
    }

    /// Ends it, and what it has started and not left behind.
    mutating func end() {
        guard let child else { return }
        kill(-child, SIGTERM)
        status = nil
        // Whoever ignores that is init's to wait for.
        self.child = nil
    }

    /// Looks whether it has ended.
    mutating func look() {
        guard let child else { return }
        var code: CInt = 0
        guard waitpid(child, &code, WNOHANG) == child else { return }
        self.child = nil
        let signal = Int(code & 0x7f)
        status = signal == 0 ? Int(code >> 8 & 0xff) : 128 + signal
    }
}
