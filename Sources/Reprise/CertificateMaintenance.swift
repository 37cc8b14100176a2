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
    /// How often it warns of certificates that expire soon.
    static let warningInterval = Duration.seconds(86_400)

    private let loop: EventLoop
    private let registry: MetricRegistry
    private let log: ControlLog
    private var certificates: [(listener: String, host: String, loaded: LoadedFiles.LoadedCertificate)] = []
    private var staples: FileWatch<Result<[UInt8], FileReader.ReadError>>?
    private var warningTimer: LoopEvent?
    private var gauges: [MetricRegistry.ComputedGauge] = []

    init(
        _ plan: Plan, _ loadedFiles: LoadedFiles, from source: ConfigurationSource, loop: EventLoop,
        registry: MetricRegistry, log: ControlLog
    ) {
        (self.loop, self.registry) = (loop, registry)
        self.log = log
        for listener in plan.listeners {
            for host in listener.tls.hosts {
                for certificate in host.certificates {
                    guard let loaded = loadedFiles.certificates[certificate.source] else { continue }
                    certificates.append((listener.name, host.id, loaded))
                }
            }
        }
        gauges = certificates.map { listener, host, loaded in
            let expiry = loaded.certificate.info.notAfter
            return registry.computed(
                MetricCatalog.certificateExpiry, [listener, host, loaded.chain.path]
            ) { Double(expiry.secondsSinceEpoch) }
        }
        watchStaples(from: source, loop)
        warningTimer = .timer(on: loop) { [unowned self] in warnAgain() }
        warningTimer?.schedule(after: Self.warningInterval)
    }

    /// Ends the maintenance; must be called before the object is freed.
    func stop() {
        loop.assertConfined()
        staples?.stop()
        warningTimer?.close()
        (staples, warningTimer) = (nil, nil)
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
            log.error(
                "OCSP response not reloaded, the old one stays in use",
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
        warningTimer?.schedule(after: Self.warningInterval)
    }
}
