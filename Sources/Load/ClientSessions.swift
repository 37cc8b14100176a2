package import RepriseTLS
package import RepriseVocabulary

/// The sessions of one simulated client, which no other client of the run offers.
///
/// Few clients keep libssl's own objects, which cost nothing to offer. Many keep DER without the server's certificate:
/// twenty thousand of them fit in some ten megabytes.
package struct ClientSessions {
    /// How many a client keeps; a server may give as many as it likes (RFC 8446 §4.6.1).
    package static let limit = 8
    /// How many where the newest is all that is asked for.
    package static let fewest = 2
    /// From how many clients on they keep DER.
    package static let manyClients = 2000

    /// How a client keeps them.
    package struct Keeping: Sendable, Hashable {
        package var count = ClientSessions.limit
        /// The oldest is never given up for a newer one: it is what is asked for.
        package var keepsOldest = false
        /// In DER, without the server's certificate.
        package var isSmall = true

        package init() {}
    }

    /// Whom a connection speaks to: a server by its number, and by which name.
    package struct Place: Sendable, Hashable {
        package var server: Int
        package var name: Int

        package init(server: Int = 0, name: Int = 0) {
            (self.server, self.name) = (server, name)
        }
    }

    /// One session, with what a report tells it by.
    package struct Kept: Sendable {
        fileprivate let form: Form
        package let kind: OfferedKind
        /// How the connection ended that it came from, or that has resumed it since without getting another.
        package fileprivate(set) var origin: CloseKind
        fileprivate let number: Int
        /// Whom it came from.
        package let place: Place
        /// When its client may offer it no more, by its server's word.
        package let ends: Instant

        /// Makes it ready to be offered; `nil` where libssl does not read it.
        package var session: SessionReference? {
            switch form {
            // A session that a server knows by its id is never used up.
            case .whole(let session): kind == .id ? session : session.copy
            case .small(let der): der.withBytes { SessionReference.reading($0) }
            }
        }

        /// A copy that nobody else has.
        fileprivate var der: Secret? {
            switch form {
            case .whole(let session): session.derWithoutPeer
            case .small(let der): der
            }
        }

        /// What a report counts it under.
        package func offer(_ choice: SessionChoice) -> LoadOffer { LoadOffer(kind, from: origin, choice) }
    }

    fileprivate enum Form: Sendable {
        case whole(SessionReference)
        case small(Secret)

        init?(_ session: SessionReference, isSmall: Bool) {
            guard isSmall else {
                self = .whole(session)
                return
            }
            guard let der = session.derWithoutPeer else { return nil }
            self = .small(der)
        }
    }

    /// The oldest first.
    private var kept: [Kept] = []
    private let keeping: Keeping
    private var lastNumber = 0

    package init(_ keeping: Keeping = Keeping()) {
        self.keeping = keeping
    }

    package var count: Int { kept.count }

    /// Keeps a session of a connection that has ended; one that cannot be resumed, or is too long, is left out.
    ///
    /// - Parameter lifetime: how long it counts as good, in the stead of what its server says.
    package mutating func keep(
        _ session: SessionReference, from origin: CloseKind, of place: Place = Place(), at now: Instant,
        lifetime: Duration? = nil
    ) {
        guard session.isResumable, let kind = OfferedKind(of: session),
            let form = Form(session, isSmall: keeping.isSmall),
            let ends = (lifetime ?? session.lifetimeForClient).map({ now + $0 })
        else { return }
        // First, so that there are never more.
        if kept.count >= keeping.count { kept.remove(at: keeping.keepsOldest ? 1 : 0) }
        lastNumber += 1
        kept.append(Kept(form: form, kind: kind, origin: origin, number: lastNumber, place: place, ends: ends))
    }

    /// A connection has resumed it, got no other, and ended so: what the server made of that ending is seen by the next.
    package mutating func resumed(_ one: Kept, _ origin: CloseKind) {
        guard let index = kept.lastIndex(where: { $0.number == one.number }) else { return }
        kept[index].origin = origin
    }

    /// One that makes such a handshake; `nil` where there is none, as before a client's first connection.
    ///
    /// None past its lifetime is offered, as libssl offers none, but where one is asked for.
    /// - Parameter choice: with ``SessionChoice/single`` and ``SessionChoice/expired`` it is gone afterwards.
    package mutating func pick(
        _ handshake: HandshakeKind, _ choice: SessionChoice, for place: Place = Place(), at now: Instant
    ) -> Kept? {
        func fits(_ one: Kept) -> Bool {
            guard one.kind.handshake == handshake, (one.ends <= now) == (choice == .expired) else { return false }
            return switch choice {
            case .otherName: one.place.server == place.server && one.place.name != place.name
            case .otherServer: one.place.server != place.server && one.place.name == place.name
            case .newest, .oldest, .single, .expired, .forged: one.place == place
            }
        }
        let index =
            switch choice {
            case .oldest, .expired: kept.firstIndex(where: fits)
            case .newest, .single, .forged, .otherName, .otherServer: kept.lastIndex(where: fits)
            }
        guard let index else { return nil }
        switch choice {
        case .single: return kept.remove(at: index)
        case .expired: return kept.remove(at: index).copy
        case .forged: return kept[index].forged
        case .newest, .oldest, .otherName, .otherServer: return kept[index]
        }
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
    /// The same in an object of its own.
    fileprivate var copy: Self? {
        der.map { Self(form: .small($0), kind: kind, origin: origin, number: number, place: place, ends: ends) }
    }

    /// The same session with one bit of its ticket or id changed, as one who has not got it from the server would offer
    /// it: a server must refuse it and go on with a full handshake.
    package var forged: Self? {
        guard let session, let der else { return nil }
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
        return Self(form: .small(changed), kind: kind, origin: origin, number: number, place: place, ends: ends)
    }
}
