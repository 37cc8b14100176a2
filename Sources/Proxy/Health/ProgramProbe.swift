internal import Glibc
internal import RepriseEventLoop
internal import RepriseRouting
internal import RepriseVocabulary

/// A program of the operator's that finds out whether a server is well, on a thread that waits for it. Confined to its loop;
/// it calls back once.
final class ProgramProbe {
    private let loop: EventLoop
    private let started: Instant
    private var done: ((HealthProbe.Result) -> Void)?
    private var timer: LoopEvent?
    private let id: pid_t

    /// Starts it, with the server's address and names in its environment.
    ///
    /// - Parameters:
    ///   - command: the program's path, or a name sought in PATH, and its arguments.
    ///   - done: gets the result, in a later turn.
    /// - Returns: `nil` when it cannot be started.
    init?(
        _ command: [String], _ server: UpstreamServer, at endpoint: Endpoint, _ group: String, atMost time: Duration,
        on loop: EventLoop,
        _ done: @escaping (HealthProbe.Result) -> Void
    ) {
        (self.loop, self.done, started) = (loop, done, loop.now)
        let variables = [
            "REPRISE_UPSTREAM=\(group)", "REPRISE_SERVER=\(server.id)", "REPRISE_ADDRESS=\(endpoint)",
        ]
        id = Self.start(command, variables)
        guard id > 0 else { return nil }
        let timer = LoopEvent.timer(on: loop) { [unowned self] in
            // Its whole group: what it has started goes with it. The thread then sees its end.
            kill(-id, SIGKILL)
            end(.bad(.timeout, "the program took too long"))
        }
        self.timer = timer
        timer.schedule(after: time)
        wait()
    }

    /// What it says of a server that a program cannot be started; asked right after that.
    static func failure(of program: String) -> HealthProbe.Result {
        let error = SystemErrno(startError.withLock { $0 })
        let words = "the program \(program) cannot be started: \(error)"
        return [EAGAIN, ENOMEM, EMFILE, ENFILE].contains(error.value) ? .unknown(words) : .bad(.other, words)
    }

    /// posix_spawn(3) gives its error back, not by errno.
    private static let startError = Locked<CInt>(0)

    private static func start(_ command: [String], _ variables: [String]) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0...2 as ClosedRange<CInt> {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        // In a group of its own, so that it ends with all that it has started.
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        posix_spawnattr_setflags(&attributes, Int16(flags))
        // Of two variables of a name many programs take the first.
        let own = variables.map { strdup($0) }
        var environment: [UnsafeMutablePointer<CChar>?] = own
        var place = environ
        while let entry = place.pointee {
            environment.append(entry)
            place += 1
        }
        environment.append(nil)
        var words = command.map { strdup($0) } + [nil]
        defer { (own + words).forEach { free($0) } }
        var id: pid_t = 0
        let error = posix_spawnp(&id, command[0], &actions, &attributes, &words, &environment)
        startError.withLock { $0 = error }
        return error == 0 ? id : 0
    }

    /// Waits for it on a thread, and reaps it on the loop: as long as it is not reaped, nobody else has its number.
    private func wait() {
        let (id, loop, home) = (id, loop, Home(self))
        let isStarted = Background.start {
            var info = siginfo_t()
            while waitid(P_PID, id_t(id), &info, WEXITED | WNOWAIT) == -1, errno == EINTR {}
            loop.execute {
                var status: CInt = 0
                waitpid(id, &status, 0)
                home.probe?.ended(status)
            }
        }
        guard !isStarted else { return }
        kill(-id, SIGKILL)
        waitpid(id, nil, 0)
        loop.execute { home.probe?.end(.unknown("the system has no thread for the program")) }
    }

    /// A weak reference for the thread that waits.
    // @unchecked: it is read on the loop only.
    private final class Home: @unchecked Sendable {
        weak var probe: ProgramProbe?
        init(_ probe: ProgramProbe) { self.probe = probe }
    }

    private func ended(_ status: CInt) {
        let signal = status & 0x7f
        guard signal == 0 else { return end(.bad(.other, "the program ended by signal \(signal)")) }
        let code = status >> 8 & 0xff
        end(code == 0 ? .good(after: loop.now - started) : .bad(.other, "the program ended with status \(code)"))
    }

    /// Gives up without a result.
    func cancel() {
        guard done.take() != nil else { return }
        timer?.close()
        timer = nil
        kill(-id, SIGKILL)
    }

    private func end(_ result: HealthProbe.Result) {
        loop.assertConfined()
        guard let done = done.take() else { return }
        timer?.close()
        timer = nil
        done(result)
    }
}
