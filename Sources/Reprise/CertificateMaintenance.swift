internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseTLS
internal import RepriseVocabulary

/// What certificates need while they serve: their days counted, warnings before they expire, fresh OCSP responses.
///
/// Confined to the control loop.
final class CertificateMaintenance {
    /// How often the OCSP response files are looked at.
    static let stapleInterval = Duration.seconds(2)
    /// How often certificates that expire soon are warned of.
    static let warningInterval = Duration.seconds(86_400)

    private let loop: EventLoop
    private let registry: MetricRegistry
    private let log: ControlLog
    private var staples: [WatchedStaple] = []
    private var certificates: [(listener: String, host: String, loaded: LoadedFiles.LoadedCertificate)] = []
    private var looks: FileLooks<[WatchedFile], [SeenFile]>?
    private var warningTimer: LoopEvent?
    private var gauges: [MetricRegistry.ComputedGauge] = []

    /// An OCSP response and the state of its file when it was last read.
    private struct WatchedStaple {
        let file: FileReference
        let response: Staple
        var stamp: FileStamp?
    }

    /// What a look is told of one file.
    private struct WatchedFile: Sendable {
        let path: String
        let stamp: FileStamp?
    }

    /// A file that has changed, by its place among those watched.
    private struct SeenFile: Sendable {
        let index: Int
        let stamp: FileStamp?
        let content: Result<[UInt8], FileReader.Failure>
    }

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
                    guard let file = loaded.ocsp else { continue }
                    let staple = loaded.certificate.staple
                    staples.append(WatchedStaple(file: file, response: staple, stamp: loaded.ocspStamp))
                }
            }
        }
        gauges = certificates.map { listener, host, loaded in
            let expiry = loaded.certificate.info.notAfter
            return registry.computed(
                MetricCatalog.certificateExpiry, [listener, host, loaded.chain.path]
            ) {
                Double(expiry.secondsSinceEpoch - Clocks.wall().secondsSinceEpoch) / 86_400
            }
        }
        watchStaples(from: source, loop)
        warningTimer = .timer(on: loop) { [unowned self] in warnAgain() }
        warningTimer?.schedule(after: Self.warningInterval)
    }

    /// Ends the maintenance; must be called before the object goes.
    func stop() {
        loop.assertConfined()
        looks?.stop()
        warningTimer?.close()
        (looks, warningTimer) = (nil, nil)
        for gauge in gauges { registry.remove(gauge) }
        gauges = []
    }

    private func watchStaples(from source: ConfigurationSource, _ loop: EventLoop) {
        guard !staples.isEmpty else { return }
        looks = FileLooks(
            loop: loop, every: Self.stapleInterval,
            known: { [unowned self] in staples.map { WatchedFile(path: $0.file.path, stamp: $0.stamp) } },
            look: { files in
                files.enumerated().compactMap { index, file in
                    let stamp = source.stamp(file.path)
                    guard stamp != file.stamp else { return nil }
                    return SeenFile(
                        index: index, stamp: stamp,
                        content: Result { () throws(FileReader.Failure) in try source.readFile(file.path) })
                }
            },
            take: { [unowned self] seen in for file in seen { reload(file) } })
    }

    private func reload(_ seen: SeenFile) {
        loop.assertConfined()
        staples[seen.index].stamp = seen.stamp
        let path = staples[seen.index].file.path
        do {
            try staples[seen.index].response.replace(der: seen.content.get())
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
