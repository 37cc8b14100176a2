/// Several kinds of which each has a share: `notify:0.7,rst:0.3`, or one word for all.
package struct Mix<Kind: MixKind>: Sendable, Hashable {
    /// With shares that add up to 1, as they were written.
    package let parts: [Part]

    /// A kind and its share.
    package struct Part: Sendable, Hashable {
        package let kind: Kind
        package let share: Double
    }

    /// All of one kind.
    package init(_ kind: Kind) {
        parts = [Part(kind: kind, share: 1)]
    }

    /// Those kinds, with shares that add up to 1.
    init(_ parts: [(kind: Kind, share: Double)]) {
        self.parts = parts.map { Part(kind: $0.kind, share: $0.share) }
    }

    /// Reads it; the shares must add up to 1.
    package init(parsing text: String) throws(ParseFault) {
        var scanner = Scanner(text)
        var parts: [Part] = []
        var sum = 0.0
        while true {
            let start = scanner
            let word = scanner.take { $0.isASCII && ($0.isLetter || $0 == "-") }
            guard let kind = Kind.allCases.first(where: { $0.word == word }) else {
                let words = Kind.allCases.map(\.word).joined(separator: ", ")
                throw start.fault("expected one of \(words)")
            }
            guard !parts.contains(where: { $0.kind == kind }) else { throw start.fault("\(word) comes twice") }
            if parts.isEmpty, scanner.isAtEnd {
                self.parts = [Part(kind: kind, share: 1)]
                return
            }
            try scanner.expect(":", "\":\" and the share, as in \(word):0.5")
            let share = try scanner.number("a share between 0 and 1")
            guard share <= 1 else { throw start.fault("a share is at most 1") }
            parts.append(Part(kind: kind, share: share))
            sum += share
            if scanner.isAtEnd { break }
            try scanner.expect(",", "\",\" and the next kind")
        }
        guard abs(sum - 1) < 1e-6 else { throw scanner.fault("the shares add up to \(sum.short), not to 1") }
        self.parts = parts
    }

    /// One by chance, as often as its share says.
    package func pick(_ random: inout SeededRandom) -> Kind {
        guard parts.count > 1 else { return parts[0].kind }
        var mark = random.fraction()
        for part in parts {
            mark -= part.share
            if mark < 0 { return part.kind }
        }
        // Only where shares were rounded.
        return parts[parts.count - 1].kind
    }
}

/// A kind that a mix is of.
package protocol MixKind: CaseIterable, Sendable, Hashable {
    /// As the command line has it.
    var word: String { get }
}

/// What kind of handshake a connection asks for.
package enum HandshakeKind: String, MixKind {
    /// It offers nothing.
    case full
    /// TLS 1.2: a session's id.
    case id
    /// TLS 1.2: a ticket (RFC 5077).
    case ticket
    /// TLS 1.3: a pre-shared key.
    case psk

    package var word: String { rawValue }
}

/// How a connection is ended.
package enum CloseKind: String, MixKind {
    /// close_notify, then FIN.
    case notify
    /// close_notify, and the server's is waited for.
    case notifyWait = "notify-wait"
    /// FIN alone.
    case fin
    /// A reset.
    case rst
    /// close_notify and FIN of our direction; the server may go on.
    case half

    package var word: String { rawValue }
}

/// Which of its sessions a client offers.
package enum SessionChoice: String, MixKind {
    case newest, oldest
    /// The newest, which is not offered again.
    case single
    /// One whose lifetime is over.
    case expired
    /// The newest with one bit of its ticket or id changed.
    case forged
    /// The newest that came from a connection to another name, or to another server.
    case otherName = "other-name"
    case otherServer = "other-server"

    package var word: String { rawValue }
}
