package import Logging
package import Vocabulary

/// A value of a log line's field.
package enum LogValue: Sendable, Hashable {
    case string(String)
    case int(Int64)
    case double(Double)
    case bool(Bool)
}

/// One line of the log before it is written.
package struct LogEntry: Sendable {
    package let time: WallTime
    package let level: Logger.Level
    /// A sentence that does not change; what changes is in the fields.
    package let message: String
    package let fields: [(name: String, value: LogValue)]

    package init(time: WallTime, level: Logger.Level, message: String, fields: [(String, LogValue)] = []) {
        self.time = time
        self.level = level
        self.message = message
        self.fields = fields.map { (name: $0.0, value: $0.1) }
    }
}

/// How lines are written.
package enum LogFormat: Sendable {
    /// For a terminal.
    case text
    /// One JSON object for each line.
    case json
}
