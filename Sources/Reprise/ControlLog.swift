internal import Logging
internal import RepriseConfiguration
internal import RepriseEventLoop
package import RepriseMetrics
internal import RepriseVocabulary

/// The log as the control plane writes it: starts, reloads, drains, certificates.
package struct ControlLog: Sendable {
    /// The queue that the lines go to.
    package let queue: LogQueue

    package init(_ queue: LogQueue) {
        self.queue = queue
    }

    /// Opens what the configuration sends the log to.
    ///
    /// - Throws: a fault of the option, when it cannot be opened.
    func open(_ plan: LogPlan) throws(RepriseError) -> LogSink {
        // Another program's logger decides by itself.
        guard let output = plan.output, !queue.hasLogger else { return queue.own }
        do {
            switch output.value {
            case .standardError: return queue.own.as(.plain)
            case .journal: return queue.own.as(.journal)
            case .syslog: return try .syslog()
            case .file(let path): return try .file(path)
            }
        } catch {
            let fault = Fault(source: output.source, message: "cannot open the log: \(error)")
            throw .faults([fault.description])
        }
    }

    /// Opens the log's file anew, behind a rotation; without one it does nothing.
    func reopen(_ plan: LogPlan) {
        guard case .file(let path)? = plan.output?.value, !queue.hasLogger else { return }
        do throws(LogSink.Failure) {
            queue.sink = try .file(path)
            notice("log file opened anew", [("file", .string(path))])
        } catch {
            self.error(
                "log file not opened anew, the old one stays in use",
                [("file", .string(path)), ("reason", .string("\(error)"))])
        }
    }

    /// Applies the configuration's log settings, with what ``open(_:)`` made of its output.
    ///
    /// - Parameter sink: `nil` leaves the one that is in use, which may have been opened anew meanwhile.
    func adopt(_ plan: LogPlan, _ sink: LogSink?) {
        if let sink { queue.sink = sink }
        queue.level = Logger.Level(plan.level)
        queue.format = plan.format
    }

    func notice(_ message: String, _ fields: [(String, LogValue)]) { submit(.notice, message, fields) }
    func warning(_ message: String, _ fields: [(String, LogValue)]) { submit(.warning, message, fields) }
    func error(_ message: String, _ fields: [(String, LogValue)]) { submit(.error, message, fields) }

    private func submit(_ level: Logger.Level, _ message: String, _ fields: [(String, LogValue)]) {
        guard queue.level <= level else { return }
        queue.submit(LogEntry(time: Clocks.wall(), level: level, message: message, fields: fields))
    }
}

extension Logger.Level {
    /// swift-log's own words are the configuration's.
    fileprivate init(_ level: LogPlan.Level) {
        guard let own = Self(rawValue: level.rawValue) else { preconditionFailure("swift-log has no level \(level)") }
        self = own
    }
}
