internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseProxy
internal import RepriseRouting

/// What a server gets at its start and never changes.
struct ServerSurroundings: Sendable {
    let source: ConfigurationSource
    let environment: [String: String]
    let registry: MetricRegistry
    let log: ControlLog
    let notifier: ServiceNotifier
    let observers: Observers
    /// The program's routers, by the names that they have in the configuration.
    let routers: [String: any UpstreamRouter]
    let raisesDescriptorLimit: Bool
}

/// The running parts of a server: threads, sockets, and how many of them there may be.
struct RunningParts {
    var workers: [Worker] = []
    var loops: [EventLoop] = []
    var sockets: [String: [ListeningSockets]] = [:]
    var inherited: InheritedSockets
    var descriptors = 0

    init(inherited: InheritedSockets) {
        self.inherited = inherited
    }
}

/// The maintenance of files, sessions, memory and the remains of reloads, on the control loop.
struct Maintenance {
    var certificates: CertificateMaintenance?
    var sessions: SessionMaintenance?
    var memory: MemoryMaintenance?
    var health: HealthWatch?
    var names: UpstreamNames?
    var healthGauges: [MetricRegistry.ComputedGauge] = []
    var leaving: LoopEvent?

    /// Ends all of it.
    func stop() {
        certificates?.stop()
        sessions?.stop()
        memory?.stop()
        health?.stop()
        names?.stop()
        leaving?.close()
    }
}

extension ServerCore {
    var source: ConfigurationSource { surroundings.source }
    var registry: MetricRegistry { surroundings.registry }
    var log: ControlLog { surroundings.log }
    var notifier: ServiceNotifier { surroundings.notifier }
    var observers: Observers { surroundings.observers }

    var workers: [Worker] {
        get { running.workers }
        set { running.workers = newValue }
    }
    var loops: [EventLoop] {
        get { running.loops }
        set { running.loops = newValue }
    }
    var sockets: [String: [ListeningSockets]] {
        get { running.sockets }
        set { running.sockets = newValue }
    }
    var inherited: InheritedSockets {
        get { running.inherited }
        set { running.inherited = newValue }
    }
    var descriptors: Int {
        get { running.descriptors }
        set { running.descriptors = newValue }
    }
}
