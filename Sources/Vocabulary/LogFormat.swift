/// How lines of the log are written.
package enum LogFormat: String, Sendable, Hashable, CaseIterable {
    /// For people: time, level, sentence, `key=value` fields.
    case text
    /// For machines: one JSON object a line (RFC 8259).
    case json
}
