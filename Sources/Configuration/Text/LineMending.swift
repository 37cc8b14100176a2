/// What people write in a line of YAML and mean as plain text, though YAML reads it as something else; and the line as
/// it is meant.
struct LineMending {
    /// Why a value needs quotes.
    enum Reason: String {
        case star = "a value that begins with \"*\" needs quotes"
        case address = "an address that begins with \"[\" needs quotes"
        case variable = "\"${\" inside of brackets needs quotes"
        case tag = "a value that begins with \"!\" needs quotes"
    }

    /// Of the first value that needs quotes.
    private(set) var reason: Reason?
    /// Where that value begins, as a column.
    private(set) var column = 1
    /// The line, with quotes around each such value.
    private(set) var text = ""

    /// No value that is mended is longer; an end keeps long lines from being read again and again.
    private static let maximumValue = 256

    private let scalars: [Unicode.Scalar]
    private let whole: String
    private var index = 0
    /// Open brackets.
    private var depth: Int

    /// - Parameters:
    ///   - whole: all of the text, where aliases have their anchors.
    ///   - depth: how many brackets are open before the line.
    ///   - isTagMeant: whether a value that begins with "!" is meant as text.
    init(_ line: Substring, of whole: String, depth: Int = 0, isTagMeant: Bool = false) {
        scalars = Array(line.unicodeScalars)
        (self.whole, self.depth) = (whole, depth)
        mend(isTagMeant)
    }

    private mutating func mend(_ isTagMeant: Bool) {
        var isStart = true
        while index < scalars.count {
            let scalar = scalars[index]
            if scalar == "#", index == 0 || scalars[index - 1] == " " { return append(scalars.count - index) }
            if isStart, let (reason, length) = mistake(isTagMeant) {
                if self.reason == nil { (self.reason, column) = (reason, index + 1) }
                text += "\""
                append(length)
                text += "\""
                isStart = false
            } else if isStart, scalar == "\"" || scalar == "'" {
                append(quotedLength())
                isStart = false
            } else {
                isStart = startsValue(behind: scalar, isStart)
                append(1)
            }
        }
    }

    private mutating func append(_ count: Int) {
        text.unicodeScalars.append(contentsOf: scalars[index..<index + count])
        index += count
    }

    /// Whether a value may begin behind this character, and how brackets open and close.
    private mutating func startsValue(behind scalar: Unicode.Scalar, _ isStart: Bool) -> Bool {
        switch scalar {
        case "[" where isStart || depth > 0, "{" where isStart || depth > 0:
            depth += 1
            return true
        case "]", "}":
            depth = max(0, depth - 1)
            return false
        // A value that was mended may stand in brackets of a line before.
        case ",": return depth > 0 || reason != nil
        case " ", "\t": return isStart || index > 0 && scalars[index - 1] == ":"
        case "-", "?": return isStart && index + 1 < scalars.count && scalars[index + 1] == " "
        default: return false
        }
    }

    /// The mistake that a value has which begins here, and the length of the value.
    private func mistake(_ isTagMeant: Bool) -> (Reason, Int)? {
        let first = scalars[index]
        guard !first.properties.isWhitespace else { return nil }
        if let address = addressLength() { return (.address, address) }
        // Neither names nor ciphers have a comma or a bracket.
        let length = valueLength(isFlow: depth > 0 || first == "*" || first == "!")
        let value = scalars[index..<index + length]
        guard !value.isEmpty, !value.contains("\""), !value.contains("\\") else { return nil }
        if first == "*" {
            var alias = String.UnicodeScalarView()
            alias.append(contentsOf: value.dropFirst())
            return alias.isEmpty || !whole.contains("&\(String(alias))") ? (.star, length) : nil
        }
        if first == "!", isTagMeant { return (.tag, length) }
        let isVariable = depth > 0 && zip(value, value.dropFirst()).contains { $0 == "$" && $1 == "{" }
        return isVariable && first != "{" && first != "[" ? (.variable, length) : nil
    }

    /// To the end of the value: brackets that belong to a variable are part of it.
    private func valueLength(isFlow: Bool) -> Int {
        var end = index
        var isVariable = false
        let limit = min(scalars.count, index + Self.maximumValue)
        scan: while end < limit {
            switch scalars[end] {
            case "{" where end > index && scalars[end - 1] == "$": isVariable = true
            case "}" where isVariable: isVariable = false
            case ",", "]", "}", "[", "{": if !isVariable && isFlow { break scan }
            case ":" where !isVariable: if end + 1 == scalars.count || scalars[end + 1] == " " { break scan }
            case "#" where end > index && scalars[end - 1] == " ": break scan
            default: break
            }
            end += 1
        }
        while end > index, scalars[end - 1].properties.isWhitespace { end -= 1 }
        return end - index
    }

    /// The length of an IPv6 address in brackets with a port behind it.
    private func addressLength() -> Int? {
        guard scalars[index] == "[", let close = scalars[index...].prefix(64).firstIndex(of: "]") else { return nil }
        let inside = scalars[index + 1..<close]
        let digits = scalars[(close + 1)...].dropFirst().prefix { ("0"..."9").contains($0) }
        guard inside.count(where: { $0 == ":" }) >= 2, close + 1 < scalars.count, scalars[close + 1] == ":",
            inside.allSatisfy({ $0 == ":" || $0 == "." || $0.properties.isASCIIHexDigit }), !digits.isEmpty
        else { return nil }
        return digits.endIndex - index
    }

    private func quotedLength() -> Int {
        var end = index + 1
        while end < scalars.count, scalars[end] != scalars[index] {
            end += scalars[end] == "\\" && scalars[index] == "\"" ? 2 : 1
        }
        return min(end + 1, scalars.count) - index
    }
}
