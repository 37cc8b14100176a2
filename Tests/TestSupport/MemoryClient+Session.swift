package import RepriseTLS
import RepriseVocabulary

extension MemoryClient {
    /// A session that another client can resume, as DER: no ending of this client can spoil it.
    package struct Session: Sendable {
        /// As i2d_SSL_SESSION(3) makes it; what a server of ours remembers is not in it.
        package internal(set) var der: [UInt8]
        package private(set) var ticket: [UInt8]

        /// - Returns: `nil` for one that is too long to be resumed (``TLSLimits/sessionBytes``).
        init?(_ session: SessionReference) {
            guard let der = session.der else { return nil }
            (self.der, ticket) = (der.withBytes { [UInt8]($0) }, session.ticket)
        }

        /// A session of libssl's once more, which its connection may spoil; `nil` for one that was made too long.
        package var reference: SessionReference? { der.withUnsafeBytes { SessionReference.reading($0) } }

        /// The length of the ticket or id that the server gave.
        package var ticketBytes: Int { ticket.count }

        /// Changes one bit in the middle of the ticket.
        package mutating func damageTicket() {
            var damaged = ticket
            guard !damaged.isEmpty else { return }
            damaged[damaged.count / 2] ^= 1
            replaceTicket(with: damaged)
        }

        /// Offers other bytes as its ticket.
        package mutating func replaceTicket(with bytes: [UInt8]) {
            ticket = bytes
            edit { $0.replace(0xAA, with: DERParts.element(4, bytes)) }
        }

        /// Offers another session id.
        package mutating func replaceID(with bytes: [UInt8]) {
            edit { $0.elements[3].content = bytes }
        }

        /// Has clients offer it for a day, however soon the server said that it ends.
        package mutating func outliveItsHint() { hint(86_400) }

        /// Has the server have said that it lasts so many seconds.
        package mutating func hint(_ seconds: UInt32) {
            // A zero in front, since a DER integer has a sign, and no more of them than that.
            var bytes = [0] + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: seconds >> $0) }
            while bytes.count > 1, bytes[0] == 0, bytes[1] < 0x80 { bytes.removeFirst() }
            edit { $0.replace(0xA9, with: DERParts.element(2, bytes)) }
        }

        /// Forgets the secret: what is left is what anybody sees on the wire.
        package mutating func damageSecret() {
            edit { parts in parts.elements[4].content = parts.elements[4].content.map { ~$0 } }
        }

        private mutating func edit(_ change: (inout DERParts) -> Void) {
            var parts = DERParts(der)
            change(&parts)
            der = parts.encoded
        }
    }
}

/// The elements of a DER sequence; of an SSL_SESSION: version, TLS version, cipher, id, secret, and more by their tags.
private struct DERParts {
    var elements: [(tag: UInt8, content: [UInt8])] = []

    /// - Precondition: a sequence, as i2d_SSL_SESSION(3) makes it.
    init(_ der: [UInt8]) {
        var rest = der[...]
        var inside = Self.next(&rest).content[...]
        while !inside.isEmpty { elements.append(Self.next(&inside)) }
    }

    var encoded: [UInt8] { Self.element(0x30, elements.flatMap { Self.element($0.tag, $0.content) }) }

    /// Replaces the element of a tag, if it is there.
    mutating func replace(_ tag: UInt8, with content: [UInt8]) {
        guard let place = elements.firstIndex(where: { $0.tag == tag }) else { return }
        elements[place].content = content
    }

    static func element(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        let length: [UInt8] =
            count < 128
            ? [UInt8(count)] : [0x83, UInt8(count >> 16), UInt8(count >> 8 & 0xff), UInt8(count & 0xff)]
        return [tag] + length + content
    }

    private static func next(_ bytes: inout ArraySlice<UInt8>) -> (tag: UInt8, content: [UInt8]) {
        let tag = bytes.removeFirst()
        var count = Int(bytes.removeFirst())
        if count > 127 {
            let digits = bytes.prefix(count & 0x7f)
            bytes = bytes.dropFirst(digits.count)
            count = digits.reduce(0) { $0 << 8 | Int($1) }
        }
        defer { bytes = bytes.dropFirst(count) }
        return (tag, Array(bytes.prefix(count)))
    }
}
