import RepriseVocabulary

/// The elements of a session in DER (i2d_SSL_SESSION(3)), of which one can be left out.
enum SessionParts {
    private static let sequence: UInt8 = 0x30
    /// `[3] EXPLICIT`: the peer's certificate.
    private static let peer: UInt8 = 0xA3

    /// The session without the peer's certificate; `nil` when it has none, or is no such sequence.
    static func withoutPeer(_ der: UnsafeRawBufferPointer) -> Secret? {
        guard let whole = element(at: 0, in: der), whole.tag == sequence, whole.end == der.count else { return nil }
        var start = whole.content
        while start < whole.end {
            guard let part = element(at: start, in: der) else { return nil }
            if part.tag == peer { return leavingOut(start..<part.end, of: der, from: whole.content) }
            start = part.end
        }
        return nil
    }

    private static func leavingOut(
        _ part: Range<Int>, of der: UnsafeRawBufferPointer, from content: Int
    ) -> Secret {
        let count = der.count - content - part.count
        let header = [sequence] + length(count)
        return Secret(count: header.count + count) { target in
            target.copyBytes(from: header)
            let before = UnsafeRawBufferPointer(rebasing: der[content..<part.lowerBound])
            UnsafeMutableRawBufferPointer(rebasing: target[header.count...]).copyMemory(from: before)
            let behind = UnsafeRawBufferPointer(rebasing: der[part.upperBound...])
            UnsafeMutableRawBufferPointer(rebasing: target[(header.count + before.count)...]).copyMemory(from: behind)
        }
    }

    private static func element(
        at start: Int, in der: UnsafeRawBufferPointer
    ) -> (tag: UInt8, content: Int, end: Int)? {
        guard start + 2 <= der.count else { return nil }
        let first = Int(der[start + 1])
        guard first >= 0x80 else {
            let end = start + 2 + first
            return end <= der.count ? (der[start], start + 2, end) : nil
        }
        let bytes = first - 0x80
        guard (1...3).contains(bytes), start + 2 + bytes <= der.count else { return nil }
        let count = der[(start + 2)..<(start + 2 + bytes)].reduce(0) { $0 << 8 | Int($1) }
        let end = start + 2 + bytes + count
        return end <= der.count ? (der[start], start + 2 + bytes, end) : nil
    }

    private static func length(_ count: Int) -> [UInt8] {
        switch count {
        case ..<0x80: [UInt8(count)]
        case ..<0x100: [0x81, UInt8(count)]
        default: [0x82, UInt8(count >> 8), UInt8(count & 0xff)]
        }
    }
}
