internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseProxy
internal import RepriseResumption
internal import RepriseTLS
internal import RepriseVocabulary

/// Metrics of the process as a whole, and those that exist before anything has happened.
extension ServerCore {
    func registerProcessMetrics(workers: Int) {
        let queue = log.queue
        _ = registry.computed(MetricCatalog.workers) { Double(workers) }
        _ = registry.computed(MetricCatalog.logQueueDepth) { Double(queue.depth) }
        registerUsage()
        _ = registry.computed(
            MetricCatalog.buildInfo, [Versions.reprise, Library.version, Versions.libevent]
        ) { 1 }
        for part in OwnPart.allCases {
            _ = registry.computed(MetricCatalog.ownPartsInUse, [part.word]) { Library.use(of: part) == .inUse ? 1 : 0 }
        }
        _ = registry.computed(MetricCatalog.memoryGivenBack) { Double(Library.memoryGivenBack) }
        if let sessions = observers.sessions as? EstablishedSessions {
            _ = registry.computed(MetricCatalog.establishedSessionsLeftOut) { Double(sessions.leftOut) }
        }
        for result in ReloadResult.words {
            _ = registry.counter(MetricCatalog.configurationReloads, [result])
            _ = registry.counter(MetricCatalog.stapleReloads, [result])
        }
    }

    /// What the system says of the process; without /proc only what it says without it.
    private func registerUsage() {
        let limit = descriptors
        _ = registry.computed(MetricCatalog.processCPU) { ProcessUsage.cpuSeconds }
        _ = registry.computed(MetricCatalog.processDescriptorLimit) { Double(limit) }
        guard let usage = ProcessUsage.current else { return }
        // Only once: a clock that is set later does not move the start.
        let startTime = usage.startTime
        _ = registry.computed(MetricCatalog.processStartTime) { startTime }
        _ = registry.computed(MetricCatalog.processDescriptors) { Double(Descriptors.open()) }
        func register(_ metric: Metric, _ value: @escaping @Sendable (ProcessUsage) -> Int) {
            _ = registry.computed(metric) { ProcessUsage.current.map { Double(value($0)) } ?? .nan }
        }
        register(MetricCatalog.processVirtualMemory, \.virtualBytes)
        register(MetricCatalog.processResidentMemory, \.residentBytes)
        register(MetricCatalog.processThreads, \.threads)
    }
}

/// Which versions run.
package enum Versions {
    /// Reprise's own (Semantic Versioning).
    package static let reprise = "0.1.0"
    /// libevent's.
    package static var libevent: String { EventLoop.libeventVersion }

    /// Lines for people: our version first, then those of the libraries.
    package static var lines: [String] {
        [
            "reprise \(reprise)", Library.version, "libevent \(libevent)", "c-ares \(DNSResolver.caresVersion)",
            "Swift \(swift)",
        ]
    }

    /// The compiler's; Swift cannot tell it at run time, so this names the newest version that the source was compiled
    /// by.
    private static var swift: String {
        #if compiler(>=6.4)
            "6.4 or later"
        #else
            "6.3"
        #endif
    }
}
