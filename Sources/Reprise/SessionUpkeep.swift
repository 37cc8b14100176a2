internal import Configuration
internal import EventLoop
internal import Metrics
internal import Resumption
internal import Vocabulary

/// What sessions need while the program serves: ticket keys turned in time, key files read again, stores counted.
///
/// Confined to the control loop.
final class SessionUpkeep {
    /// How often the files with ticket keys are looked at.
    static let fileInterval = Duration.seconds(2)
    /// How often keys are made ahead and wiped; handshakes make up for what is late.
    static let advanceInterval = Duration.seconds(30)

    private let registry: MetricRegistry
    private let log: ControlLog
    private let domains: [SessionDomain]
    /// Those that no listener has any more, too: their keys are wiped in time.
    private let allDomains: [SessionDomain]
    private var watched: [WatchedKeys] = []
    private var fileTimer: LoopTimer?
    private var advanceTimer: LoopTimer?
    private var gauges: [MetricRegistry.ComputedGauge] = []

    /// The key files of one domain and their state when they were last read.
    private struct WatchedKeys {
        let domain: SessionDomain
        let files: [FileReference]
        let ticketLifetime: Duration
        var stamps: [FileStamp?]
    }

    private let source: ConfigurationSource

    init(
        _ plan: Plan, _ domains: SessionDomains, stamps: [String: [FileStamp?]], from source: ConfigurationSource,
        loop: EventLoop,
        registry: MetricRegistry, log: ControlLog
    ) {
        self.registry = registry
        self.log = log
        self.source = source
        allDomains = domains.all
        let plans = Dictionary(grouping: plan.listeners.map(\.sessions), by: \.domain)
        self.domains = plans.keys.sorted().compactMap { domains[$0] }
        for domain in self.domains {
            guard let sessions = plans[domain.name], let files = sessions.first?.tickets.keys, !files.isEmpty else {
                continue
            }
            watched.append(
                WatchedKeys(
                    domain: domain, files: files, ticketLifetime: sessions.map(\.lifetime).max() ?? .zero,
                    stamps: stamps[domain.name] ?? []))
        }
        count()
        fileTimer = LoopTimer(loop: loop) { [unowned self] in checkFiles() }
        advanceTimer = LoopTimer(loop: loop) { [unowned self] in advance() }
        if !watched.isEmpty { fileTimer?.schedule(after: Self.fileInterval) }
        advanceTimer?.schedule(after: Self.advanceInterval)
    }

    /// Ends the upkeep; must be called before the object goes.
    func stop() {
        fileTimer?.close()
        advanceTimer?.close()
        (fileTimer, advanceTimer) = (nil, nil)
        for gauge in gauges { registry.remove(gauge) }
        gauges = []
    }

    private func count() {
        for domain in domains {
            let store = domain.store
            let values: [(Metric, @Sendable () -> Double)] = [
                (MetricCatalog.sessionsStored, { Double(store.counts.entries) }),
                (MetricCatalog.sessionStoreBytes, { Double(store.counts.bytes) }),
                (MetricCatalog.sessionsEvicted, { Double(store.counts.evicted) }),
                (MetricCatalog.sessionsRefusedByStore, { Double(store.counts.refused) }),
                (MetricCatalog.deniedLineages, { Double(domain.denyList.count) }),
                (MetricCatalog.applicationDataWaiting, { Double(domain.pending.count) }),
                (MetricCatalog.applicationDataForgotten, { Double(domain.pending.forgotten) }),
                (MetricCatalog.ticketWishesNotGranted, { Double(domain.wishesNotGranted) }),
                (MetricCatalog.storeWritesLeftOut, { Double(domain.writesLeftOut) }),
                (MetricCatalog.ticketKeys, { Double(domain.keys.snapshot(at: Clocks.wall()).count) }),
            ]
            for (metric, value) in values { gauges.append(registry.computed(metric, [domain.name], value)) }
        }
    }

    private func advance() {
        for domain in allDomains { domain.keys.advance(to: Clocks.wall()) }
        advanceTimer?.schedule(after: Self.advanceInterval)
    }

    private func checkFiles() {
        for index in watched.indices {
            let stamps = watched[index].files.map { FileStamp($0.path) }
            guard stamps != watched[index].stamps else { continue }
            watched[index].stamps = stamps
            reload(watched[index])
        }
        fileTimer?.schedule(after: Self.fileInterval)
    }

    private func reload(_ watched: WatchedKeys) {
        let name = watched.domain.name
        do {
            let (keys, notes) = try TicketKeyLoading.keys(
                of: watched.files, ticketLifetime: watched.ticketLifetime, at: Clocks.wall(), from: source)
            watched.domain.keys.replace(with: keys, at: Clocks.wall())
            registry.counter(MetricCatalog.ticketKeyReloads, ["applied"]).add(1)
            log.notice("ticket keys reloaded", [("domain", .string(name)), ("keys", .int(Int64(keys.count)))])
            for note in notes {
                log.warning("ticket key warning", [("warning", .string("\(note.file.path): \(note.text)"))])
            }
        } catch {
            registry.counter(MetricCatalog.ticketKeyReloads, ["refused"]).add(1)
            log.error(
                "ticket keys not reloaded, the old ones stay in use",
                [("domain", .string(name)), ("reason", .string(error.inWords))])
        }
    }
}
