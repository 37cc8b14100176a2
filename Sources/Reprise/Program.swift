internal import Logging
internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseProxy
internal import RepriseTLS
internal import RepriseVocabulary

/// Runs a server to its end on the calling thread, for the command and for programs that embed it.
package struct Program: Sendable {
    /// The process's exit status.
    package enum ExitCode {
        /// All went well, or the server drained after SIGTERM or SIGINT.
        package static let success: Int32 = 0
        /// The configuration has faults.
        package static let faults: Int32 = 1
        /// The system refused: a port in use, no permission, no room for the output.
        package static let cannotStart: Int32 = 2
        /// A second signal ended everything at once (128 and SIGTERM's number, as shells count).
        package static let killed: Int32 = 143
    }

    private static let heard = [
        ProcessSignals.terminate, ProcessSignals.interrupt, ProcessSignals.hangUp, ProcessSignals.reopen,
    ]

    /// How long the end waits for background reads, such as a configuration on a disk that hangs.
    package static let exitPatience = Duration.seconds(2)

    private let source: ConfigurationSource
    private let environment: [String: String]
    private let observers: Observers
    private let logOutput: LogOutput
    /// Whether a program of ours gets the reasons why it did not start, whatever the log's format is.
    private let reportsAlways: Bool

    /// Where the log goes, and its format until the configuration sets one.
    package struct LogOutput: Sendable {
        package let descriptor: Int32
        /// Whether to color levels, for a terminal.
        package let isTerminal: Bool

        package init(descriptor: Int32, isTerminal: Bool) {
            self.descriptor = descriptor
            self.isTerminal = isTerminal
        }
    }

    package init(source: ConfigurationSource, environment: [String: String], log: LogOutput) {
        self.init(source: source, environment: environment, log: log, observers: Observers(), reportsAlways: false)
    }

    init(
        source: ConfigurationSource, environment: [String: String], log: LogOutput, observers: Observers,
        reportsAlways: Bool = true
    ) {
        self.reportsAlways = reportsAlways
        self.source = source
        self.environment = environment
        self.observers = observers
        logOutput = log
    }

    /// Serves until a signal ends it.
    ///
    /// - Parameters:
    ///   - report: gets the reasons why the server did not start, one line at a time; the command's go to the log where
    ///     its format is for machines.
    ///   - started: is called on the control loop when it serves.
    /// - Returns: one of ``ExitCode``.
    package func run(
        report: @escaping @Sendable (String) -> Void, started: @escaping @Sendable () -> Void = {}
    ) -> Int32 {
        let (code, signals) = serve(report: report, started: started)
        for signal in signals { signal.close() }
        return code
    }

    /// What libcrypto has to be told before it is used for the first time.
    package static func prepareLibrary() {
        Library.keepMemory()
        Library.leaveCleanupToTheSystem()
    }

    /// - Returns: also the watches: when they are closed, a late signal has its default effect.
    private func serve(
        report: @escaping @Sendable (String) -> Void, started: @escaping @Sendable () -> Void
    ) -> (Int32, [LoopEvent]) {
        Self.prepareLibrary()
        ProcessSignals.ignoreBrokenPipes()
        // Blocked until we watch for them: an early signal waits, and ends nothing.
        ProcessSignals.block(Self.heard)
        // A core dump would hold private keys, ticket keys and master secrets.
        Descriptors.forbidCoreDumps()
        let registry = MetricRegistry()
        let isJournal = LogSink.isJournal(logOutput.descriptor, journalStream: environment["JOURNAL_STREAM"])
        let queue = LogQueue(
            format: .text, level: .info, colored: logOutput.isTerminal, descriptor: logOutput.descriptor,
            form: isJournal ? .journal : .plain,
            dropped: registry.counter(MetricCatalog.logLinesDropped))
        defer { queue.close() }
        do {
            try Descriptors.checkLeast(raising: true)
            let control = try EventLoop(name: "control")
            let server = ServerCore(
                control: control, source: source, environment: environment, registry: registry, queue: queue,
                observers: observers)
            let outcome = Outcome()
            let signals = try watchSignals(control, server, outcome)
            // The parent process may have blocked them, too.
            ProcessSignals.unblock(Self.heard)
            Task(executorPreference: control) { () throws(Never) -> Void in
                do throws(RepriseError) {
                    try await server.start()
                    started()
                } catch {
                    tell(error, queue, report)
                    outcome.code = error.exitCode
                    control.stop()
                }
            }
            control.run()
            // The caller may exit now, which ends the remaining threads wherever they are.
            if Background.wait(atMost: Self.exitPatience) { control.runLeftovers() }
            return (outcome.code, signals)
        } catch {
            report("reprise: \(error)")
            ProcessSignals.unblock(Self.heard)
            return (ExitCode.cannotStart, [])
        }
    }

    /// Says why it did not start: what reads a log of machines gets no plain text in between.
    private func tell(_ error: RepriseError, _ queue: LogQueue, _ report: (String) -> Void) {
        guard queue.format == .json, !reportsAlways else {
            for line in error.lines { report(line) }
            return
        }
        // Whoever started it looks at standard error, wherever the log goes.
        queue.flush()
        queue.sink = queue.own
        for reason in error.reasons {
            queue.submit(
                LogEntry(
                    time: Clocks.wall(), level: .error, message: "not started", fields: [("reason", .string(reason))]))
        }
    }

    /// Serves until a signal ends it, and ends the process.
    package func runToExit(
        report: @escaping @Sendable (String) -> Void, started: @escaping @Sendable () -> Void = {}
    ) -> Never {
        ProcessSignals.nameCrashes()
        let (code, signals) = serve(report: report, started: started)
        // A signal that comes now has nothing left to end, and must not have its default effect.
        ProcessSignals.block(Self.heard)
        for signal in signals { signal.close() }
        // A thread that hangs all the same must not see what exit(3) frees.
        ProcessEnd.exit(code, isQuiet: Background.wait(atMost: .zero))
    }

    private func watchSignals(
        _ control: EventLoop, _ server: ServerCore, _ outcome: Outcome
    ) throws(EventLoopError) -> [LoopEvent] {
        let stop = {
            if outcome.isStopping { outcome.code = ExitCode.killed }
            outcome.isStopping = true
            Task(executorPreference: control) { await server.stop() }
        }
        let signals = [
            LoopEvent(.signal(ProcessSignals.terminate), on: control) { _ in stop() },
            LoopEvent(.signal(ProcessSignals.interrupt), on: control) { _ in stop() },
            LoopEvent(.signal(ProcessSignals.hangUp), on: control) { _ in
                Task(executorPreference: control) { await server.reload() }
            },
            LoopEvent(.signal(ProcessSignals.reopen), on: control) { _ in
                Task(executorPreference: control) { await server.reopenLog() }
            },
        ]
        for signal in signals { try signal.start() }
        return signals
    }

    /// How the program ends.
    private final class Outcome: Sendable {
        private let state = Locked((code: ExitCode.success, isStopping: false))

        var code: Int32 {
            get { state.withLock { $0.code } }
            set { state.withLock { $0.code = newValue } }
        }
        var isStopping: Bool {
            get { state.withLock { $0.isStopping } }
            set { state.withLock { $0.isStopping = newValue } }
        }
    }
}

extension RepriseError {
    /// One line each.
    var reasons: [String] {
        if case .faults(let lines) = self { lines } else { ["\(self)"] }
    }

    /// The messages on standard error, one line each.
    var lines: [String] {
        if case .faults(let lines) = self { lines } else { ["reprise: \(self)"] }
    }

    /// The process's exit status.
    package var exitCode: Int32 {
        switch self {
        case .faults, .unreadable: Program.ExitCode.faults
        case .cannotStart, .notNow: Program.ExitCode.cannotStart
        }
    }
}
