internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseResumption
internal import RepriseVocabulary

/// What sessions need while the program serves: ticket keys turned in time, key files read again, stores counted.
///
/// Confined to the control loop.
final class SessionMaintenance {
    /// How often the files with ticket keys are looked at.
    static let fileInterval = Duration.seconds(2)
    /// How often keys are made ahead and wiped; handshakes make up for what is late.
    static let advanceInterval = Duration.seconds(30)

    private let loop: EventLoop
    private let registry: MetricRegistry
    private let log: ControlLog
    private let domains: [SessionDomain]
    /// Those that no listener has any more, too: their keys are wiped in time.
    private var allDomains: [SessionDomain]
    private var watched: [(domain: SessionDomain, files: WatchedFiles)] = []
    private var looks: FileLooks<[WatchedFiles], [SeenKeys]>?
    private var advanceTimer: LoopEvent?
    private var gauges: [MetricRegistry.ComputedGauge] = []

    /// The key files of one domain and their state when they were last read.
    private struct WatchedFiles: Sendable {
        let files: [FileReference]
        let ticketLifetime: Duration
        var stamps: [FileStamp?]
    }

    /// The keys of files that have changed, by their domain's place among those watched.
    private struct SeenKeys: Sendable {
        let index: Int
        let stamps: [FileStamp?]
        let keys: Result<TicketKeyLoading.Loaded, TicketKeyLoading.Failure>
    }

    init(
        _ plan: Plan, _ domains: SessionDomains, stamps: [String: [FileStamp?]], from source: ConfigurationSource,
        loop: EventLoop,
        registry: MetricRegistry, log: ControlLog
    ) {
        (self.loop, self.registry) = (loop, registry)
        self.log = log
        allDomains = domains.all
        let plans = Dictionary(grouping: plan.listeners.map(\.sessions), by: \.domain)
        self.domains = plans.keys.sorted().compactMap { domains[$0] }
        for domain in self.domains {
            guard let sessions = plans[domain.name], let files = sessions.first?.tickets.keys, !files.isEmpty else {
                continue
            }
            watched.append(
                (
                    domain,
                    WatchedFiles(
                        files: files, ticketLifetime: sessions.map(\.lifetime).max() ?? .zero,
                        stamps: stamps[domain.name] ?? [])
                ))
        }
        count()
        watchFiles(from: source, loop)
        advanceTimer = .timer(on: loop) { [unowned self] in advance() }
        advanceTimer?.schedule(after: Self.advanceInterval)
    }

    /// Goes on with these domains; the others have gone.
    func keep(_ domains: SessionDomains) {
        loop.assertConfined()
        allDomains = domains.all
    }

    /// Ends the maintenance; must be called before the object goes.
    func stop() {
        loop.assertConfined()
        looks?.stop()
        advanceTimer?.close()
        (looks, advanceTimer) = (nil, nil)
        for gauge in gauges { registry.remove(gauge) }
        gauges = []
    }

    private func count() {
        loop.assertConfined()
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
        loop.assertConfined()
        for domain in allDomains { domain.keys.advance(to: Clocks.wall()) }
        advanceTimer?.schedule(after: Self.advanceInterval)
    }

    private func watchFiles(from source: ConfigurationSource, _ loop: EventLoop) {
        guard !watched.isEmpty else { return }
        looks = FileLooks(
            loop: loop, every: Self.fileInterval, known: { [unowned self] in watched.map(\.files) },
            look: { watched in
                watched.enumerated().compactMap { index, files in
                    let stamps = files.files.map { source.stamp($0.path) }
                    guard stamps != files.stamps else { return nil }
                    let keys = Result { () throws(TicketKeyLoading.Failure) in
                        try TicketKeyLoading.keys(
                            of: files.files, ticketLifetime: files.ticketLifetime, at: Clocks.wall(), from: source)
                    }
                    return SeenKeys(index: index, stamps: stamps, keys: keys)
                }
            },
            take: { [unowned self] seen in for keys in seen { reload(keys) } })
    }

    private func reload(_ seen: SeenKeys) {
        loop.assertConfined()
        watched[seen.index].files.stamps = seen.stamps
        let domain = watched[seen.index].domain
        do throws(TicketKeyLoading.Failure) {
            let (keys, notes) = try seen.keys.get()
            domain.keys.replace(with: keys, at: Clocks.wall())
            registry.counter(MetricCatalog.ticketKeyReloads, [ReloadResult.applied.word]).add(1)
            log.notice("ticket keys reloaded", [("domain", .string(domain.name)), ("keys", .int(Int64(keys.count)))])
            for note in notes {
                log.warning("ticket key warning", [("warning", .string("\(note.file.path): \(note.text)"))])
            }
        } catch {
            registry.counter(MetricCatalog.ticketKeyReloads, [ReloadResult.refused.word]).add(1)
            log.error(
                "ticket keys not reloaded, the old ones stay in use",
                [("domain", .string(domain.name)), ("reason", .string(error.inWords))])
        }
    }
}
