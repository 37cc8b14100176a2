extension String {
    /// The path of a key below this path: `listeners[0].timeouts` and `idle`.
    func option(_ key: String) -> String {
        isEmpty ? key.shortened : "\(self).\(key.shortened)"
    }

    /// The text, cut to fit into a message.
    var shortened: String { shortened(to: 80) }

    /// At most that many characters, with any number of scalars in each.
    func shortened(to most: Int) -> String {
        guard unicodeScalars.count > most else { return self }
        return String(String.UnicodeScalarView(unicodeScalars.prefix(most - 3))) + "..."
    }

    /// One line that a terminal shows as it is: what breaks lines, moves the cursor, turns the direction of writing or
    /// cannot be seen stands in its escaped form.
    var printable: String {
        guard unicodeScalars.contains(where: { !$0.isPrintable }) else { return self }
        var result = ""
        for scalar in unicodeScalars {
            switch scalar {
            case _ where scalar.isPrintable: result.unicodeScalars.append(scalar)
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default: result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    fileprivate var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        case .spaceSeparator: self == " "
        default: true
        }
    }
}
