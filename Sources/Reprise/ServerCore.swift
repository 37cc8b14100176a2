internal import Logging
internal import RepriseAdmin
internal import RepriseConfiguration
package import RepriseEventLoop
package import RepriseMetrics
internal import RepriseProxy
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// A running Reprise: workers, sockets, admin endpoint, and what changes them.
///
/// It runs on the control loop, apart from the workers', so that a reload never holds up a connection.
package actor ServerCore {
    let control: EventLoop
    let surroundings: ServerSurroundings
    private(set) var plan: Plan?
    /// The configuration that the plan was read from.
    private(set) var text: [UInt8]?
    var lasting: LastingParts
    var running: RunningParts
    private(set) var admin: AdminServer?
    var maintenance = Maintenance()
    var state = State.starting
    var wanted = Wanted()
    /// Calls that came during a reload, which must look again for them.
    private var awaitingReload: [CheckedContinuation<RepriseError?, Never>] = []
    /// What the hosts in force take, by their listeners.
    private(set) var hosts: [String: [HostTerms]] = [:]
    /// How long a start or a reload may read: disks and name servers may hang, and the next reload waits for it.
    var loadPatience = Duration.seconds(60)
    /// Whom it asks for the names of servers.
    var dns = DNSResolver.Settings()
    /// What the admin endpoint shows of upstreams.
    let board = UpstreamBoard()
    private let loads = Loads()
    private let libraries = RouterLibraries()
    /// Whether a start or a reload is still reading: it has opened nothing that would have to be closed.
    private(set) var isLoading = false

    /// Requests that came while something else was under way.
    struct Wanted {
        var reload = false
        var stop = Stop.no
    }

    /// How it is to end.
    enum Stop: Comparable {
        case no, drain, atOnce
    }

    enum State {
        case starting, serving, reloading, draining, ended
    }

    /// - Parameter control: the loop it runs on; the server stops it at the end.
    package init(
        control: EventLoop, source: ConfigurationSource, environment: [String: String], registry: MetricRegistry,
        queue: LogQueue
    ) {
        self.init(
            control: control, source: source, environment: environment, registry: registry, queue: queue,
            observers: Observers())
    }

    init(
        control: EventLoop, source: ConfigurationSource, environment: [String: String], registry: MetricRegistry,
        queue: LogQueue, observers: Observers, routers: [String: any UpstreamRouter] = [:],
        store: (any SessionStore)? = nil, raisesDescriptorLimit: Bool = true
    ) {
        self.control = control
        surroundings = ServerSurroundings(
            source: source, environment: environment, registry: registry, log: ControlLog(queue),
            notifier: ServiceNotifier(environment: environment), observers: observers,
            routers: routers, raisesDescriptorLimit: raisesDescriptorLimit)
        lasting = LastingParts(remote: store)
        running = RunningParts(inherited: InheritedSockets(environment: environment))
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { control.asUnownedSerialExecutor() }

    /// Checks the configuration, builds everything and begins to accept.
    ///
    /// - Throws: faults of the configuration, or what the system refuses; nothing is left running then.
    package func start() async throws(RepriseError) {
        let checked = try await check()
        // It was stopped meanwhile: the control loop has ended, or is about to.
        guard state == .starting else { return }
        // What keeps it from starting is told in this format, too.
        log.queue.format = checked.logFormat
        guard let plan = checked.plan else { throw .faults(checked.faults) }
        log.adopt(plan.log, try log.open(plan.log))
        for warning in checked.warnings { log.warning("configuration warning", [("warning", .string(warning))]) }
        descriptors = Descriptors.limit(raising: surroundings.raisesDescriptorLimit).soft
        if let words = inherited.unreadable {
            log.warning("systemd's sockets are not taken over", [("reason", .string(words))])
        }
        if let words = inherited.unusableWords {
            log.warning("inherited descriptors are no listening sockets", [("descriptor", .string(words))])
        }
        let count = plan.workers.count(processors: Processors.available())
        let parts = try buildParts(plan, checked)
        let opened = try openSockets(of: plan, workers: count)
        giveUpInherited(but: plan)
        do {
            try await startWorkers(count, parts)
            admin = try startAdmin(plan)
        } catch {
            closeUnused(opened)
            stopLoops()
            throw error
        }
        // A signal may have come meanwhile.
        guard wanted.stop == .no else { return abandonStart(opened) }
        (self.plan, text) = (plan, checked.text)
        adaptSessions(to: plan, checked.loadedFiles)
        libraries.keep(checked.libraries)
        parts.takeEffect()
        tendUpstreams(parts, plan)
        await accept(on: opened)
        adaptSockets(to: plan)
        tendCertificates(checked.loadedFiles, plan)
        registerProcessMetrics(workers: count)
        maintenance.memory = MemoryMaintenance(
            loop: control, takePeak: { [unowned self] in assumeIsolated { $0.lasting.takePeak() } },
            release: { [unowned self] in
                assumeIsolated { for loop in $0.loops { loop.execute { Library.releaseMemory() } } }
            })
        maintenance.leaving = .timer(on: control) { [unowned self] in assumeIsolated { $0.letGoOfTheGone() } }
        state = .serving
        notifier.ready()
        if wanted.stop > .no { return await stopAsWanted() }
        // A reload was requested during this read, which may have missed the change.
        if wanted.reload { await reload() }
    }

    var isServing: Bool { state == .serving }

    private func abandonStart(_ opened: [String: [ListeningSockets]]) {
        closeUnused(opened)
        admin?.stop()
        maintenance.names?.stop()
        stopLoops()
        state = .ended
        control.stop()
    }

    /// Reads the configuration again; new connections get the new one, and a file with faults changes nothing.
    ///
    /// If called during a start or a reload, it happens once after that.
    /// - Returns: why the old one stays in force; `nil` when it was replaced, or will be looked at after the start.
    @discardableResult
    package func reload() async -> RepriseError? { await reload(rereading: nil) }

    /// - Parameter paths: files that have changed: they are read again under the configuration in force, while it serves.
    @discardableResult
    func reload(rereading paths: [String]?) async -> RepriseError? {
        // A reload that is under way, or was asked for, reads them too.
        if paths != nil, state != .serving { return nil }
        switch state {
        case .serving: break
        case .starting:
            wanted.reload = true
            return nil
        case .reloading:
            wanted.reload = true
            return await withCheckedContinuation { awaitingReload.append($0) }
        case .draining, .ended:
            log.notice("no reload: the server ends", [])
            return .notNow(.draining)
        }
        state = .reloading
        notifier.reloading(at: Clocks.monotonic())
        // The first look is this call's own; others are for calls that come during it.
        var (fault, own): (RepriseError?, RepriseError??) = (nil, nil)
        var paths = paths
        repeat {
            wanted.reload = false
            let waiting = awaitingReload
            awaitingReload = []
            fault = await reloadOnce(rereading: paths.take())
            if own == nil { own = .some(fault) }
            for continuation in waiting { continuation.resume(returning: fault) }
        } while (wanted.reload || !awaitingReload.isEmpty) && wanted.stop == .no && state == .reloading
        for continuation in awaitingReload { continuation.resume(returning: .notNow(.draining)) }
        awaitingReload = []
        guard state == .reloading else { return .notNow(.draining) }
        state = .serving
        letGoOfTheGone()
        notifier.ready(fault: fault?.reasons.first)
        if wanted.stop > .no { await stopAsWanted() }
        return own ?? fault
    }

    /// Reads and checks the configuration apart from the control loop, which handles signals even when a disk or a name
    /// server is slow.
    ///
    /// - Parameter text: a configuration that was read before, of which only the files that it names are to be read.
    func check(_ text: [UInt8]? = nil) async throws(RepriseError) -> CheckedConfiguration {
        let (environment, raises) = (surroundings.environment, surroundings.raisesDescriptorLimit)
        let source = text.map { self.source.keeping($0) } ?? self.source
        let (routers, libraries) = (Set(surroundings.routers.keys), self.libraries)
        isLoading = true
        defer { isLoading = false }
        guard !loads.areUnderWay else { throw .cannotStart("a read that was begun before still hangs") }
        let loads = loads
        let result = await Background.run(atMost: loadPatience, on: control) {
            () -> Result<CheckedConfiguration, RepriseError> in
            loads.begin()
            defer { loads.end() }
            do throws(RepriseError) {
                return .success(
                    try CheckedConfiguration(
                        source, environment: environment, at: Clocks.wall(), raisingDescriptorLimit: raises,
                        pluggedRouters: routers, resolvesNames: false, libraries: .here(libraries)))
            } catch {
                return .failure(error)
            }
        }
        guard let result else {
            throw .cannotStart("reading the configuration, and what it names, took more than \(loadPatience.written)")
        }
        return await resolveNames(try result.get())
    }

    func replace(with plan: Plan, _ checked: CheckedConfiguration) async throws {
        guard let old = self.plan else { return }
        // A file that is the same is kept: opening it anew is what SIGUSR1 asks for.
        let sink = plan.log.output == old.log.output ? nil : try log.open(plan.log)
        let parts = try buildParts(plan, checked)
        let added = try openSockets(of: plan, workers: workers.count, besides: sockets)
        var newAdmin = admin
        do {
            if plan.admin?.bind != old.admin?.bind { newAdmin = try startAdmin(plan) }
            for worker in workers { try await worker.prepare(parts.blueprints) }
        } catch {
            if newAdmin !== admin { newAdmin?.stop() }
            lasting.domains.forget(allBut: old)
            for worker in workers { await worker.discard() }
            closeUnused(added)
            throw error
        }
        adaptSessions(to: plan, checked.loadedFiles)
        libraries.keep(checked.libraries)
        parts.takeEffect()
        tendUpstreams(parts, plan)
        for worker in workers { await worker.commit() }
        await accept(on: added)
        await stopAccepting(butAt: plan)
        adaptSockets(to: plan)
        if plan.workers != old.workers {
            log.warning(
                "a changed number of workers needs a restart",
                [("workers", .int(Int64(workers.count))), ("configured", .string("\(plan.workers)"))])
        }
        if newAdmin !== admin {
            admin?.stop()
            admin = newAdmin
        } else if let settings = plan.admin.map(AdminSettings.init) {
            admin?.adapt(to: settings)
        }
        log.adopt(plan.log, sink)
        (self.plan, text) = (plan, checked.text)
        tendCertificates(checked.loadedFiles, plan)
    }

    /// Applies the plan to the session domains, before the first connection under it.
    private func adaptSessions(to plan: Plan, _ loadedFiles: LoadedFiles) {
        for option in lasting.domains.adapt(to: plan, keys: loadedFiles.ticketKeys, at: Clocks.wall()) {
            log.warning("a changed option needs a restart", [("option", .string(option))])
        }
        lasting.domains.serve(plan, loadedFiles)
        hosts = loadedFiles.hosts.mapValues(\.terms)
    }

    private func buildParts(_ plan: Plan, _ checked: CheckedConfiguration) throws(RepriseError) -> ListenerBuilder {
        try lasting.domains.add(for: plan, at: Clocks.wall())
        lasting.keepUpstreamSessions(for: plan)
        return ListenerBuilder(
            plan, checked.loadedFiles, addresses(of: plan), lasting: &lasting, descriptors: descriptors,
            observers: observers,
            routers: surroundings.routers.merging(checked.libraries, uniquingKeysWith: { own, _ in own }))
    }

    private func startWorkers(_ count: Int, _ parts: ListenerBuilder) async throws(RepriseError) {
        for index in 0..<count {
            do {
                let loop = try EventLoop(name: "worker-\(index)")
                try loop.start()
                loops.append(loop)
                let worker = Worker(loop: loop, index: index, registry: registry, log: WorkerLog(log.queue))
                workers.append(worker)
                try await worker.prepare(parts.blueprints)
                await worker.commit()
            } catch {
                throw .cannotStart("worker \(index): \(error)")
            }
        }
    }

    private func tendCertificates(_ loadedFiles: LoadedFiles, _ plan: Plan) {
        maintenance.certificates?.stop()
        maintenance.certificates = CertificateMaintenance(
            plan, loadedFiles, from: source, loop: control, registry: registry, log: log
        ) { [unowned self] paths in
            assumeIsolated { $0.filesChanged(paths) }
        }
        maintenance.sessions?.stop()
        maintenance.sessions = SessionMaintenance(
            plan, lasting.domains, lasting.upstreamSessions, stamps: loadedFiles.ticketKeyStamps, from: source,
            loop: control, registry: registry,
            log: log)
    }
}
