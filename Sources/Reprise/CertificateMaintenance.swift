internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseTLS
internal import RepriseVocabulary

/// Looks after certificates while they serve: tells when they expire, warns before they expire, loads fresh OCSP responses.
///
/// Confined to the control loop.
final class CertificateMaintenance {
    /// How often it looks at the OCSP response files.
    static let stapleInterval = Duration.seconds(2)
    /// How often it looks whether certificates and what belongs to them have changed.
    static let watchInterval = Duration.seconds(2)
    /// How often it warns of certificates that expire soon.
    static let warningInterval = Duration.seconds(86_400)

    private let loop: EventLoop
    private let registry: MetricRegistry
    private let log: ControlLog
    private var certificates: [(listener: String, host: String, loaded: LoadedFiles.LoadedCertificate)] = []
    private var clients: [(plan: ClientAuthenticationPlan, demands: ClientAuthentication)] = []
    private var watch: FileChanges?
    private var staples: FileWatch<Result<[UInt8], FileReader.ReadError>>?
    private var warningTimer: LoopEvent?
    private var gauges: [MetricRegistry.ComputedGauge] = []

    /// - Parameter changed: gets the paths of certificates, keys, authorities and revocation lists that have changed on disk.
    init(
        _ plan: Plan, _ loadedFiles: LoadedFiles, from source: ConfigurationSource, loop: EventLoop,
        registry: MetricRegistry, log: ControlLog, changed: @escaping ([String]) -> Void
    ) {
        (self.loop, self.registry) = (loop, registry)
        self.log = log
        for listener in plan.listeners {
            for host in listener.tls.hosts { tend(host, of: listener.name, loadedFiles) }
        }
        if plan.watch == .on {
            watch = FileChanges(
                of: loadedFiles.stamps, every: Self.watchInterval, from: source, loop: loop, changed: changed)
        }
        watchStaples(from: source, loop)
        warningTimer = .timer(on: loop) { [unowned self] in warnAgain() }
        warningTimer?.schedule(after: Self.warningInterval)
    }

    private func tend(_ host: HostPlan, of listener: String, _ loadedFiles: LoadedFiles) {
        for certificate in host.certificates {
            guard let loaded = loadedFiles.certificates[certificate.source] else { continue }
            certificates.append((listener, host.id, loaded))
            let labels = [listener, host.id, loaded.chain.path]
            let (expiry, staple) = (loaded.certificate.info.notAfter, loaded.certificate.staple)
            count(MetricCatalog.certificateExpiry, labels) { Double(expiry.secondsSinceEpoch) }
            guard loaded.ocsp != nil else { continue }
            count(MetricCatalog.stapleUpdate, labels) {
                staple.isPresent ? staple.nextUpdate.map { Double($0.secondsSinceEpoch) } ?? .infinity : 0
            }
        }
        guard let plan = host.clients, let demands = loadedFiles.clients[plan.source] else { return }
        clients.append((plan, demands))
        if let expiry = demands.firstExpiry {
            count(MetricCatalog.authorityExpiry, [listener, host.id, plan.authorities.path]) {
                Double(expiry.secondsSinceEpoch)
            }
        }
        guard let lists = plan.revocations else { return }
        count(MetricCatalog.revocationUpdate, [listener, host.id, lists.path]) {
            demands.nextUpdate(at: Clocks.wall()).map { Double($0.secondsSinceEpoch) } ?? .infinity
        }
    }

    private func count(_ metric: Metric, _ labels: [String], _ read: @escaping @Sendable () -> Double) {
        gauges.append(registry.computed(metric, labels, read))
    }

    /// Ends the maintenance; must be called before the object is freed.
    func stop() {
        loop.assertConfined()
        staples?.stop()
        watch?.stop()
        warningTimer?.close()
        (staples, watch, warningTimer) = (nil, nil, nil)
        for gauge in gauges { registry.remove(gauge) }
        gauges = []
    }

    private func watchStaples(from source: ConfigurationSource, _ loop: EventLoop) {
        let stapled = certificates.compactMap { _, _, loaded in
            loaded.ocsp.map { (path: $0.path, stamp: loaded.ocspStamp, response: loaded.certificate.staple) }
        }
        let files = stapled.map { path, stamp, _ in
            FileWatch.Files(paths: [path], stamps: [stamp]) {
                Result { () throws(FileReader.ReadError) in try source.readFile(path) }
            }
        }
        staples = FileWatch(files, every: Self.stapleInterval, from: source, loop: loop) {
            [unowned self] index, content in
            reload(stapled[index].response, from: stapled[index].path, content)
        }
    }

    private func reload(_ staple: Staple, from path: String, _ content: Result<[UInt8], FileReader.ReadError>) {
        loop.assertConfined()
        do {
            try staple.replace(der: content.get())
            registry.counter(MetricCatalog.stapleReloads, [ReloadResult.applied.word]).add(1)
            log.notice("OCSP response reloaded", [("file", .string(path))])
        } catch {
            registry.counter(MetricCatalog.stapleReloads, [ReloadResult.refused.word]).add(1)
            let endsOld = (error as? StapleError)?.isAboutCertificate ?? false
            // What the responder says now must not be hidden by what it said before.
            if endsOld { staple.remove() }
            log.error(
                endsOld
                    ? "OCSP response not reloaded, nothing is stapled any more"
                    : "OCSP response not reloaded, the old one stays in use",
                [("file", .string(path)), ("reason", .string("\(error)"))])
        }
    }

    private func warnAgain() {
        loop.assertConfined()
        let now = Clocks.wall()
        for (_, _, loaded) in certificates {
            for warning in loaded.certificate.warnings(at: now) {
                log.warning("certificate warning", [("warning", .string("\(loaded.chain.path): \(warning)"))])
            }
        }
        for (plan, demands) in clients {
            for warning in demands.warnings(at: now) {
                let file = warning.isAboutLists ? plan.revocations ?? plan.authorities : plan.authorities
                log.warning("certificate warning", [("warning", .string("\(file.path): \(warning)"))])
            }
        }
        warningTimer?.schedule(after: Self.warningInterval)
    }
}
