internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseVocabulary

/// One look at the configuration, or at the files that it names, and what is told of it.
extension ServerCore {
    /// Certificates, keys, authorities or revocation lists have changed on disk.
    func filesChanged(_ paths: [String]) {
        Task { await reload(rereading: paths) }
    }

    /// The log's file has been moved away: lines go to a new one from now on.
    package func reopenLog() {
        guard let plan else { return }
        log.reopen(plan.log)
    }

    /// - Parameter paths: only the files that the configuration in force names are read again, because these have changed.
    /// - Returns: why it was refused; `nil` when it was not.
    func reloadOnce(rereading paths: [String]?) async -> RepriseError? {
        let told = Told(paths, configuration: source.file)
        do {
            let checked = try await check(paths == nil ? nil : text)
            // It was stopped meanwhile: drop what was loaded.
            guard state == .reloading else { return .notNow(.draining) }
            guard let plan = checked.plan else { throw RepriseError.faults(checked.faults) }
            try await replace(with: plan, checked)
            for warning in checked.warnings { log.warning("configuration warning", [("warning", .string(warning))]) }
            registry.counter(told.metric, [ReloadResult.applied.word]).add(1)
            log.notice(told.applied, told.fields)
            return nil
        } catch {
            registry.counter(told.metric, [ReloadResult.refused.word]).add(1)
            let fault = (error as? RepriseError) ?? .cannotStart("\(error)")
            for reason in fault.reasons { log.error(told.refused, told.refusedFields + [("reason", .string(reason))]) }
            return fault
        }
    }

    /// What is told of a look.
    private struct Told {
        let metric: Metric
        let applied: String
        let refused: String
        let fields: [(String, LogValue)]
        let refusedFields: [(String, LogValue)]

        init(_ paths: [String]?, configuration: String) {
            if let paths {
                metric = MetricCatalog.certificateReloads
                applied = "changed files read again"
                refused = "changed files not read again, the old ones stay in use"
                fields = [("files", .string(paths.joined(separator: " ")))]
                refusedFields = fields
            } else {
                metric = MetricCatalog.configurationReloads
                applied = "configuration reloaded"
                refused = "configuration not reloaded, the old one stays in force"
                fields = [("file", .string(configuration))]
                refusedFields = []
            }
        }
    }
}
