/// Writes JSON (RFC 8259) into one text; who calls it keeps to the order of an object.
struct JSONWriter {
    private(set) var text = ""
    /// Whether something stands before the next member, in the innermost object or array.
    private var needsComma = false

    mutating func object(_ name: String? = nil, _ members: (inout JSONWriter) -> Void) { nest(name, "{", "}", members) }

    mutating func array(_ name: String? = nil, _ members: (inout JSONWriter) -> Void) { nest(name, "[", "]", members) }

    private mutating func nest(
        _ name: String?, _ open: String, _ close: String, _ members: (inout JSONWriter) -> Void
    ) {
        begin(name)
        text += open
        needsComma = false
        members(&self)
        text += close
        needsComma = true
    }

    mutating func member(_ name: String? = nil, _ number: some FixedWidthInteger) { raw(name, String(number)) }

    /// JSON has no word for what is no number: it becomes null.
    mutating func member(_ name: String? = nil, _ number: Double?) {
        guard let number, number.isFinite else { return raw(name, "null") }
        let rounded = number.rounded()
        raw(name, number == rounded && abs(number) < 1e15 ? String(Int(rounded)) : String(number))
    }

    mutating func member(_ name: String? = nil, _ text: String) { raw(name, Self.quoted(text)) }

    private mutating func raw(_ name: String?, _ value: String) {
        begin(name)
        text += value
        needsComma = true
    }

    private mutating func begin(_ name: String?) {
        if needsComma { text += "," }
        if let name { text += Self.quoted(name) + ":" }
    }

    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
