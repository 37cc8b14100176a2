package import Logging
package import RepriseVocabulary

/// One line of the log before it is put into words.
package struct LogEntry: Sendable {
    /// When it happened.
    package var time: WallTime
    /// How much it matters: events caused by a peer are `info`, our own faults are `error`.
    package var level: Logger.Level
    /// A sentence that is the same every time; what varies is in the fields.
    package var message: String
    /// What varies, in the order of the line.
    package var fields: [(String, LogValue)]

    package init(time: WallTime, level: Logger.Level, message: String, fields: [(String, LogValue)] = []) {
        self.time = time
        self.level = level
        self.message = message
        self.fields = fields
    }
}

/// A field's value.
///
/// The writer's thread turns it into text, so that a loop only hands over what it has.
package enum LogValue: Sendable, Hashable {
    case string(String)
    case int(Int64)
    case double(Double)
    case bool(Bool)
    /// Written in milliseconds with three decimals; the field's key ends in `_ms`.
    case duration(Duration)
    case endpoint(Endpoint)
}

extension LogValue: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) {
        self = .string(value)
    }
}
