/// Texts in JSON, as the log writes them.
package enum JSONText {
    /// A text as a JSON string, with its quotation marks (RFC 8259 §7).
    package static func quoted(_ text: String) -> String {
        var line: [UInt8] = []
        LogText.appendJSON(text, to: &line)
        return String(decoding: line, as: UTF8.self)
    }
}
