package import RepriseTLS
package import RepriseVocabulary

/// The sessions of one simulated client, which no other client of the run offers.
///
/// In DER, and without the server's certificate: twenty thousand clients keep theirs in some ten megabytes, and two
/// connections that offer the same session share nothing of libssl's.
package struct ClientSessions {
    /// How many a client keeps; the newest, as a server may give as many as it likes (RFC 8446 §4.6.1).
    package static let limit = 8

    /// One session, with what a report tells it by.
    package struct Kept: Sendable {
        package let der: Secret
        package let kind: OfferedKind
        /// How the connection ended that it came from.
        package let origin: CloseKind

        /// What a report counts it under.
        package var offer: LoadOffer { LoadOffer(kind, from: origin) }

        /// Makes it ready to be offered; `nil` where libssl does not read it.
        package var session: SessionReference? { der.withBytes { SessionReference.reading($0) } }
    }

    /// The oldest first.
    private var kept: [Kept] = []

    package init() {}

    package var count: Int { kept.count }

    /// Keeps a session of a connection that has ended; one that cannot be resumed, or is too long, is left out.
    package mutating func keep(_ session: SessionReference, from origin: CloseKind) {
        guard session.isResumable, let kind = OfferedKind(of: session), let der = session.derWithoutPeer else { return }
        // First, so that there are never more.
        if kept.count >= Self.limit { kept.removeFirst(kept.count - Self.limit + 1) }
        kept.append(Kept(der: der, kind: kind, origin: origin))
    }

    /// One that makes such a handshake; `nil` where there is none, as before a client's first connection.
    ///
    /// - Parameter choice: with ``SessionChoice/single`` it is gone afterwards.
    package mutating func pick(_ handshake: HandshakeKind, _ choice: SessionChoice) -> Kept? {
        let index =
            switch choice {
            case .newest, .single: kept.lastIndex { $0.kind.handshake == handshake }
            case .oldest: kept.firstIndex { $0.kind.handshake == handshake }
            }
        guard let index else { return nil }
        return choice == .single ? kept.remove(at: index) : kept[index]
    }
}

extension OfferedKind {
    /// A handle is as long as a session's id can be (RFC 5246 §7.4.1.2); no ticket that holds a session is so short.
    package static let handleBytes = 32

    /// What the server gets to see of it; `nil` for a version that has none of these.
    init?(of session: SessionReference) {
        let ticket = session.ticket
        switch session.version {
        case .tls1_3: self = ticket.count <= Self.handleBytes ? .statefulPSK : .statelessPSK
        case .tls1_2: self = ticket.isEmpty ? .id : .ticket
        default: return nil
        }
    }
}

extension ClientSessions.Kept {
    /// The same session with one bit of its ticket or id changed, as one who has not got it from the server would offer
    /// it: a server must refuse it and go on with a full handshake.
    package var forged: Self? {
        guard let session else { return nil }
        let name = kind == .id ? session.id : session.ticket
        guard let last = name.last else { return nil }
        let found = der.withBytes { bytes in
            (0...max(0, bytes.count - name.count)).first { start in
                bytes.count - start >= name.count && zip(bytes[start...], name).allSatisfy { $0 == $1 }
            }
        }
        guard let found else { return nil }
        let changed = Secret(count: der.count) { target in
            der.withBytes { target.copyMemory(from: $0) }
            target[found + name.count - 1] = last ^ 1
        }
        return Self(der: changed, kind: kind, origin: origin)
    }
}
