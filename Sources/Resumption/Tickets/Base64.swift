package import RepriseVocabulary

/// Base64 with the alphabet of RFC 4648 §4, and with its padding, decoded into bytes that must not be seen.
package enum Base64 {
    /// The bytes that the text encodes.
    ///
    /// - Returns: `nil` when it is not strict base64: another character, no padding, bits left over.
    package static func decode(_ text: UnsafeRawBufferPointer) -> Secret? {
        guard text.count % 4 == 0 else { return nil }
        let padding = text.suffix(2).reversed().prefix { $0 == UInt8(ascii: "=") }.count
        let digits = text.dropLast(padding)
        guard digits.allSatisfy({ value(of: $0) != nil }) else { return nil }
        let unused = (digits.last.flatMap(value(of:)) ?? 0) & ((1 << UInt32(2 * padding)) - 1)
        guard unused == 0 else { return nil }
        return Secret(count: text.count / 4 * 3 - padding) { bytes in
            var (bits, held, index): (UInt32, UInt32, Int) = (0, 0, 0)
            for digit in digits {
                bits = bits << 6 | (value(of: digit) ?? 0)
                held += 6
                guard held >= 8 else { continue }
                held -= 8
                bytes[index] = UInt8(truncatingIfNeeded: bits >> held)
                index += 1
            }
        }
    }

    private static func value(of digit: UInt8) -> UInt32? {
        switch digit {
        case 0x41...0x5a: UInt32(digit - 0x41)
        case 0x61...0x7a: UInt32(digit - 0x61 + 26)
        case 0x30...0x39: UInt32(digit - 0x30 + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
