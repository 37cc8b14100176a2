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

    /// Applies the configuration's log settings.
    func adopt(_ plan: LogPlan) {
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
