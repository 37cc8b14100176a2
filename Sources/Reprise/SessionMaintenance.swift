internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseResumption
internal import RepriseVocabulary

/// Looks after sessions while the program serves: rotates ticket keys, reads key files again, counts stores.
///
/// Confined to the control loop.
final class SessionMaintenance {
    /// How often it looks at the files with ticket keys.
    static let fileInterval = Duration.seconds(2)
    /// How often it makes keys ahead and wipes old ones; handshakes make up for a delay.
    static let advanceInterval = Duration.seconds(30)

    private let loop: EventLoop
    private let registry: MetricRegistry
    private let log: ControlLog
    private let domains: [SessionDomain]
    /// This includes domains without a listener: their keys must be wiped in time.
    private var allDomains: [SessionDomain]
    private var keyFiles: FileWatch<Result<TicketKeyLoading.Loaded, TicketKeyLoading.LoadingError>>?
    private var advanceTimer: LoopEvent?
    private let upstream: UpstreamSessions?
    private var gauges: [MetricRegistry.ComputedGauge] = []

    init(
        _ plan: Plan, _ domains: SessionDomains, _ upstream: UpstreamSessions?, stamps: [String: [FileStamp?]],
        from source: ConfigurationSource,
        loop: EventLoop,
        registry: MetricRegistry, log: ControlLog
    ) {
        (self.loop, self.registry, self.upstream) = (loop, registry, upstream)
        self.log = log
        allDomains = domains.all
        let plans = Dictionary(grouping: plan.listeners.map(\.sessions), by: \.domain)
        self.domains = plans.keys.sorted().compactMap { domains[$0] }
        count()
        watchFiles(of: plans, stamps, from: source)
        advanceTimer = .timer(on: loop) { [unowned self] in advance() }
        advanceTimer?.schedule(after: Self.advanceInterval)
    }

    /// Goes on with these domains; the others are gone.
    func keep(_ domains: SessionDomains) {
        loop.assertConfined()
        allDomains = domains.all
    }

    /// Ends the maintenance; must be called before the object is freed.
    func stop() {
        loop.assertConfined()
        keyFiles?.stop()
        advanceTimer?.close()
        (keyFiles, advanceTimer) = (nil, nil)
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
                (MetricCatalog.affinitiesWaiting, { Double(domain.pendingUpstreams.count) }),
                (MetricCatalog.affinitiesForgotten, { Double(domain.pendingUpstreams.forgotten) }),
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
        for domain in allDomains {
            domain.keys.advance(to: Clocks.wall())
            domain.giveUpLateWrites()
        }
        upstream?.sweep(at: Clocks.wall())
        advanceTimer?.schedule(after: Self.advanceInterval)
    }

    private func watchFiles(
        of plans: [String: [SessionsPlan]], _ stamps: [String: [FileStamp?]], from source: ConfigurationSource
    ) {
        let watched = domains.filter { plans[$0.name]?.first?.tickets.keys.isEmpty == false }
        let files = watched.map { domain in
            let sessions = plans[domain.name] ?? []
            let files = sessions.first?.tickets.keys ?? []
            let ticketLifetime = sessions.map(\.lifetime).max() ?? .zero
            return FileWatch.Files(paths: files.map(\.path), stamps: stamps[domain.name] ?? []) {
                Result { () throws(TicketKeyLoading.LoadingError) in
                    try TicketKeyLoading.keys(
                        of: files, ticketLifetime: ticketLifetime, at: Clocks.wall(), from: source)
                }
            }
        }
        keyFiles = FileWatch(files, every: Self.fileInterval, from: source, loop: loop) { [unowned self] index, keys in
            reload(watched[index], keys)
        }
    }

    private func reload(
        _ domain: SessionDomain, _ loaded: Result<TicketKeyLoading.Loaded, TicketKeyLoading.LoadingError>
    ) {
        loop.assertConfined()
        do throws(TicketKeyLoading.LoadingError) {
            let (keys, notes) = try loaded.get()
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
