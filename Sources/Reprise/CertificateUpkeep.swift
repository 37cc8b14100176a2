internal import Configuration
internal import EventLoop
internal import Metrics
internal import TLS
internal import Vocabulary

/// What certificates need while they serve: their days counted, warnings before they expire, fresh OCSP responses.
///
/// Confined to the control loop.
final class CertificateUpkeep {
    /// How often the OCSP response files are looked at.
    static let stapleInterval = Duration.seconds(2)
    /// How often certificates that expire soon are warned of.
    static let warningInterval = Duration.seconds(86_400)

    private let loop: EventLoop
    private let registry: MetricRegistry
    private let log: ControlLog
    private var staples: [WatchedStaple] = []
    private var certificates: [(listener: String, host: String, loaded: Material.LoadedCertificate)] = []
    private var stapleTimer: LoopTimer?
    private var warningTimer: LoopTimer?
    private var gauges: [MetricRegistry.ComputedGauge] = []

    /// An OCSP response and the state of its file when it was last read.
    private struct WatchedStaple {
        let file: FileReference
        let response: Staple
        var stamp: FileStamp?
    }

    init(_ plan: Plan, _ material: Material, loop: EventLoop, registry: MetricRegistry, log: ControlLog) {
        self.loop = loop
        self.registry = registry
        self.log = log
        for listener in plan.listeners {
            for host in listener.tls.hosts {
                for certificate in host.certificates {
                    guard let loaded = material.certificates[certificate.source] else { continue }
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
        stapleTimer = LoopTimer(loop: loop) { [unowned self] in checkStaples() }
        warningTimer = LoopTimer(loop: loop) { [unowned self] in warnAgain() }
        if !staples.isEmpty { stapleTimer?.schedule(after: Self.stapleInterval) }
        warningTimer?.schedule(after: Self.warningInterval)
    }

    /// Ends the upkeep; must be called before the object goes.
    func stop() {
        stapleTimer?.close()
        warningTimer?.close()
        (stapleTimer, warningTimer) = (nil, nil)
        for gauge in gauges { registry.remove(gauge) }
        gauges = []
    }

    private func checkStaples() {
        for index in staples.indices {
            let stamp = FileStamp(staples[index].file.path)
            guard stamp != staples[index].stamp else { continue }
            staples[index].stamp = stamp
            reload(staples[index])
        }
        stapleTimer?.schedule(after: Self.stapleInterval)
    }

    private func reload(_ staple: WatchedStaple) {
        let path = staple.file.path
        do {
            try staple.response.replace(der: FileReader.read(path))
            registry.counter(MetricCatalog.stapleReloads, ["applied"]).add(1)
            log.notice("OCSP response reloaded", [("file", .string(path))])
        } catch {
            registry.counter(MetricCatalog.stapleReloads, ["refused"]).add(1)
            log.error(
                "OCSP response not reloaded, the old one stays in use",
                [("file", .string(path)), ("reason", .string("\(error)"))])
        }
    }

    private func warnAgain() {
        let now = Clocks.wall()
        for (_, _, loaded) in certificates {
            for warning in loaded.certificate.warnings(at: now) {
                log.warning("certificate warning", [("warning", .string("\(loaded.chain.path): \(warning)"))])
            }
        }
        warningTimer?.schedule(after: Self.warningInterval)
    }
}
