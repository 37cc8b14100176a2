package import RepriseVocabulary

/// Steps by host names: the name itself, then `*.` with the rest of it. One look at the name, and no allocation.
package struct NameTable: Sendable {
    private struct Entry: Sendable {
        let name: [UInt8]
        let isWildcard: Bool
        let step: RoutingStep
    }

    /// A power of two, at least twice as many as there are names: a name's hash stands at its own place, or behind it; 0
    /// where nothing does. Apart from the rest, so that a look that finds nothing touches little memory.
    private var hashes: [UInt64]
    /// The index in ``entries`` of what stands there.
    private var indices: [Int32]
    private var entries: [Entry] = []

    package init(_ routes: [(pattern: NamePattern, step: RoutingStep)]) {
        var size = 4
        while size < 2 * routes.count { size *= 2 }
        hashes = Array(repeating: 0, count: size)
        indices = Array(repeating: 0, count: size)
        for (pattern, step) in routes {
            let (text, isWildcard) =
                switch pattern {
                case .exact(let name): (name.text, false)
                case .wildcard(let rest): (rest.text, true)
                }
            let hash = Self.hash(text.utf8.span, 0..<text.utf8.count)
            var place = Int(truncatingIfNeeded: hash) & (size - 1)
            while hashes[place] != 0 { place = (place + 1) & (size - 1) }
            (hashes[place], indices[place]) = (hash, Int32(entries.count))
            entries.append(Entry(name: Array(text.utf8), isWildcard: isWildcard, step: step))
        }
    }

    var steps: [RoutingStep] { entries.map(\.step) }

    /// The step for a name as a client asks for it, in any case and perhaps with a dot at its end.
    subscript(name: String) -> RoutingStep? {
        let bytes = name.utf8.span
        var end = bytes.count
        if end > 0, bytes[end - 1] == UInt8(ascii: ".") { end -= 1 }
        guard let dot = Self.firstDot(bytes, end) else { return nil }
        if let found = find(bytes, 0..<end, isWildcard: false) { return found }
        return dot < end ? find(bytes, dot + 1..<end, isWildcard: true) : nil
    }

    /// Where the first label ends. What is no host name has no step: it has no host either, and must not get by a wildcard
    /// to where a host's clients need a certificate.
    ///
    /// - Returns: `nil` for what is none, as ``ServerName`` has it.
    private static func firstDot(_ bytes: Span<UInt8>, _ end: Int) -> Int? {
        guard (1...253).contains(end) else { return nil }
        var (first, label) = (end, 0)
        for index in 0..<end {
            let byte = bytes[index]
            if byte == UInt8(ascii: ".") {
                guard label > 0 else { return nil }
                if first == end { first = index }
                label = 0
            } else {
                label += 1
                guard label <= 63, isAllowed(byte) else { return nil }
            }
        }
        return label > 0 ? first : nil
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte | 0x20) && byte > 0x40 || (0x30...0x39).contains(byte) || byte == UInt8(ascii: "-")
            || byte == UInt8(ascii: "_")
    }

    private func find(_ bytes: Span<UInt8>, _ part: Range<Int>, isWildcard: Bool) -> RoutingStep? {
        let hash = Self.hash(bytes, part)
        let last = hashes.count - 1
        var place = Int(truncatingIfNeeded: hash) & last
        while hashes[place] != 0 {
            let index = Int(indices[place])
            if hashes[place] == hash, entries[index].isWildcard == isWildcard, isName(index, bytes, part) {
                return entries[index].step
            }
            place = (place + 1) & last
        }
        return nil
    }

    private func isName(_ index: Int, _ bytes: Span<UInt8>, _ part: Range<Int>) -> Bool {
        let name = entries[index].name
        guard name.count == part.count else { return false }
        for index in 0..<name.count where name[index] != Self.lower(bytes[part.lowerBound + index]) { return false }
        return true
    }

    /// Eight bytes at a time. A host name's letters are the same in capitals under one bit more, and its other characters
    /// keep apart. Its names are an operator's, so that nobody chooses them to meet.
    private static func hash(_ bytes: Span<UInt8>, _ part: Range<Int>) -> UInt64 {
        let raw = unsafe bytes.bytes
        var hash = UInt64(part.count)
        var index = part.lowerBound
        while index + 8 <= part.upperBound {
            let word = unsafe raw.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self)
            hash = mixed(hash ^ (word | 0x2020_2020_2020_2020))
            index += 8
        }
        var rest: UInt64 = 0
        while index < part.upperBound {
            rest = rest << 8 | UInt64(bytes[index] | 0x20)
            index += 1
        }
        // 0 stands for none.
        return max(1, mixed(hash ^ rest))
    }

    private static func mixed(_ word: UInt64) -> UInt64 {
        let product = (word ^ word >> 32) &* 0x9e37_79b9_7f4a_7c15
        return product ^ product >> 29
    }

    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }
}
