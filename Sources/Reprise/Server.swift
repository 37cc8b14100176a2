internal import Logging
internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseProxy
public import RepriseResumption
public import RepriseRouting
public import RepriseVocabulary

/// A Reprise inside another program: it terminates TLS at the listeners of a configuration, and keeps the sessions.
///
/// ```swift
/// let server = Server(.file("/etc/reprise/reprise.yaml"))
/// for address in try await server.start() { print("\(address.listener): \(address.endpoint)") }
/// try await server.reload()
/// await server.drain()
/// ```
///
/// It lives until ``drain()`` or ``stop()`` has ended it, whether or not the program holds it; a program that returns from
/// `main` stops it first. It serves on threads of its own, one for each worker, and touches nothing else of the process: no signals, limits or
/// core dumps, unless ``Options/process`` asks for them. A server is started once; several serve side by side. Any task
/// may call it, also an observer's, which must not wait for the answer where it was called.
public final class Server: Sendable {
    /// An address that a listener serves on.
    ///
    /// ```swift
    /// let addresses = try await server.start()
    /// let web = addresses.first { $0.listener == "web" }?.endpoint
    /// ```
    public struct Address: Sendable, Hashable {
        /// The listener's name.
        public let listener: String
        /// Its real endpoint: for port 0, the port that the system has chosen.
        public let endpoint: Endpoint
    }

    /// Where a server is in its life.
    ///
    /// ```swift
    /// if server.state == .serving { try await server.reload() }
    /// ```
    public enum State: String, Sendable, CaseIterable {
        case new, starting, serving, draining, ended
    }

    private let configuration: Configuration
    private let options: Options
    private let registry = MetricRegistry()
    private let life = Locked(Life())

    /// A server that does nothing yet.
    public init(_ configuration: Configuration, _ options: Options = Options()) {
        self.configuration = configuration
        self.options = options
    }

    /// Where it is in its life.
    public var state: State { life.withLock { $0.state } }

    /// Checks the configuration, and serves.
    ///
    /// - Returns: the addresses that it serves on, by the listeners' names.
    /// - Throws: ``RepriseError``; nothing is left behind then, and ``state`` is ``State/ended``.
    @discardableResult
    public func start() async throws(RepriseError) -> [Address] {
        try life.withLock { life throws(RepriseError) in try life.begin() }
        let running: Running
        do throws(RepriseError) {
            running = try launch()
        } catch {
            life.withLock { $0.end() }.forEach { $0() }
            throw error
        }
        // It was told to end while the thread was made.
        if state == .draining { core(running) { await $0.stop() } }
        let answer = await ask(running) { await $0.started() }
        switch answer {
        case .success(let addresses)?:
            guard life.withLock({ $0.serve() }) else {
                await ended()
                throw .notNow(state)
            }
            return addresses
        case .failure(let error)?:
            running.control.stop()
            await ended()
            throw error
        case nil: throw .notNow(state)
        }
    }

    /// Serves until ``drain()`` or ``stop()`` has ended it, or the task is cancelled, which drains.
    ///
    /// - Throws: as ``start()``.
    public func run() async throws(RepriseError) {
        try await start()
        await withTaskCancellationHandler {
            await ended()
        } onCancel: {
            beginDrain()
        }
    }

    /// Reads the configuration anew: new connections get the new one, open ones keep theirs.
    ///
    /// Calls while another reload is under way are taken one after the other.
    /// - Throws: ``RepriseError``: the old configuration stays in force then.
    public func reload() async throws(RepriseError) {
        let (running, state) = life.withLock { ($0.running, $0.state) }
        guard let running, state == .serving else { throw .notNow(state) }
        guard let answer = await ask(running, { await $0.reloaded() }) else { throw .notNow(self.state) }
        try answer.get()
    }

    /// Stops accepting, lets connections finish for `drain_timeout`, and returns when the last one has ended.
    public func drain() async {
        beginDrain()
        await ended()
    }

    private func beginDrain() {
        guard let (running, isFirst) = life.withLock({ $0.drain() }), isFirst else { return }
        core(running) { await $0.stop() }
    }

    /// Ends everything at once, and returns when nothing is left.
    public func stop() async {
        guard let (running, isFirst) = life.withLock({ $0.drain() }) else { return await ended() }
        // The first call drains, the second ends the rest.
        if isFirst { core(running) { await $0.stop() } }
        core(running) { await $0.stop() }
        await ended()
    }

    /// Its metrics in Prometheus' text format, as the administrative endpoint has them at `/metrics`.
    public func metrics() -> String { String(decoding: registry.exposition(), as: UTF8.self) }

    /// Where the sessions of a host belong, before any client has come: what was stored elsewhere is restored there.
    ///
    /// - Parameters:
    ///   - listener: the listener's name.
    ///   - host: the host's id; `nil` for the first host.
    /// - Returns: `nil` when the server does not serve, or has no such listener or host.
    public func sessionContext(listener: String, host: String? = nil) async -> SessionContext? {
        guard let running = life.withLock({ $0.running }) else { return nil }
        return await ask(running) { await $0.sessionContext(listener: listener, host: host) } ?? nil
    }

    /// Lends a connection whose handshake is done, on its worker.
    ///
    /// - Parameters:
    ///   - id: its number: an observer's, or the log's.
    ///   - body: must not block; it holds up all connections of its worker.
    /// - Returns: `nil` when the connection is over, its handshake is not, or the server has ended.
    public func withConnection<Result: Sendable, Failure: Error>(
        _ id: ConnectionID, _ body: @escaping @Sendable (borrowing ConnectionView) throws(Failure) -> Result
    ) async throws(Failure) -> Result? {
        guard let running = life.withLock({ $0.running }) else { return nil }
        let answer = await ask(running) { core in
            await core.withConnection(id) { connection in
                do throws(Failure) {
                    return Swift.Result<Result, Failure>.success(try body(connection))
                } catch {
                    return .failure(error)
                }
            }
        }
        return try answer??.get()
    }

    /// Lends the session that a connection uses (SSL_get0_session(3)), on the connection's worker.
    ///
    /// - Returns: `nil` when the connection is over, its handshake is not, or the server has ended.
    public func withSession<Result: Sendable, Failure: Error>(
        of id: ConnectionID, _ body: @escaping @Sendable (borrowing SessionView) throws(Failure) -> Result
    ) async throws(Failure) -> Result? {
        try await withConnection(id) { (connection) throws(Failure) -> Result? in
            try connection.withSession(body)
        } ?? nil
    }
}

/// The control thread and how calls reach it.
extension Server {
    /// What runs of a server between its start and its end.
    struct Running: Sendable {
        let control: EventLoop
        let core: ServerCore
    }

    private func launch() throws(RepriseError) -> Running {
        let raises = options.process.contains(.raiseDescriptorLimit)
        if options.process.contains(.forbidCoreDumps) { Descriptors.forbidCoreDumps() }
        let control: EventLoop
        do {
            try Descriptors.checkLeast(raising: raises)
            control = try EventLoop(name: "control")
        } catch {
            throw .cannotStart("\(error)")
        }
        let dropped = registry.counter(MetricCatalog.logLinesDropped)
        let queue = LogQueue(level: .info, logger: options.logger, dropped: dropped)
        let core = ServerCore(
            control: control, source: configuration.source, environment: options.environment, registry: registry,
            queue: queue, observers: Observers(connections: options.connections, sessions: options.sessions),
            routers: options.routers, store: options.store,
            raisesDescriptorLimit: raises)
        let running = Running(control: control, core: core)
        let isOn = Background.start { [self] in
            control.run()
            control.runLeftovers()
            control.endForGood()
            queue.close()
            life.withLock { $0.end() }.forEach { $0() }
        }
        guard isOn else { throw .cannotStart("the system has no thread left for the control loop") }
        life.withLock { $0.running = running }
        return running
    }

    /// Asks the core, and gets `nil` when the server ended first.
    private func ask<Answer: Sendable>(
        _ running: Running, _ body: @escaping @Sendable (ServerCore) async -> Answer
    ) async -> Answer? {
        await withCheckedContinuation { continuation in
            let call = life.withLock { $0.wait { continuation.resume(returning: nil) } }
            guard let call else { return continuation.resume(returning: nil) }
            Task(executorPreference: running.control) { [self] in
                let answer = await body(running.core)
                if life.withLock({ $0.forget(call) }) { continuation.resume(returning: answer) }
            }
        }
    }

    private func core(_ running: Running, _ body: @escaping @Sendable (ServerCore) async -> Void) {
        Task(executorPreference: running.control) { await body(running.core) }
    }

    /// Returns when the control thread has ended; at once when there is none.
    private func ended() async {
        await withCheckedContinuation { continuation in
            let call = life.withLock { $0.wait { continuation.resume() } }
            if call == nil { continuation.resume() }
        }
    }

    /// The state of a server, and the calls that wait for it.
    private struct Life {
        private(set) var state = State.new
        var running: Running?
        private var waiting: [Int: @Sendable () -> Void] = [:]
        private var calls = 0

        mutating func begin() throws(RepriseError) {
            guard state == .new else { throw .notNow(state) }
            state = .starting
        }

        /// - Returns: `false` when it was told to end meanwhile.
        mutating func serve() -> Bool {
            guard state == .starting else { return false }
            state = .serving
            return true
        }

        /// - Returns: whom to tell, and whether for the first time; `nil` when nothing runs.
        mutating func drain() -> (Running, isFirst: Bool)? {
            guard let running, state != .ended else {
                state = state == .starting || state == .draining ? .draining : .ended
                return nil
            }
            defer { state = .draining }
            return (running, state != .draining)
        }

        /// - Returns: what to call for those that wait.
        mutating func end() -> [@Sendable () -> Void] {
            defer { waiting = [:] }
            (state, running) = (.ended, nil)
            return Array(waiting.values)
        }

        /// Calls `body` at the end.
        ///
        /// - Returns: the call's number; `nil` when it has ended, and `body` is not called.
        mutating func wait(_ body: @escaping @Sendable () -> Void) -> Int? {
            guard state != .ended else { return nil }
            calls += 1
            waiting[calls] = body
            return calls
        }

        /// - Returns: whether it still waited.
        mutating func forget(_ call: Int) -> Bool { waiting.removeValue(forKey: call) != nil }
    }
}
