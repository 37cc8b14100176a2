internal import RepriseEventLoop
internal import RepriseResumption
package import RepriseTLS
package import RepriseVocabulary

/// TLS with one server, on a connection of a client's or of a health check's: it offers a session that the server has
/// given, and keeps those that come. Confined to its loop; it ends with the stream's `close`.
package final class EncryptedWay {
    let connection: ClientConnection
    package var stream: TLSStream { connection.stream }
    private let tls: UpstreamTLS
    private let key: UpstreamSessionKey
    private let inbox: Inbox
    private var state = State.new
    /// The sessions that have come, the newest last, at most as many as are kept.
    private var received: [UpstreamSessions.Number] = []
    private var keyUpdates = KeyUpdateBudget()

    private enum State {
        case new
        /// The ClientHello has left.
        /// - `why`: nothing is offered.
        case asked(UpstreamSessions.Offer?, why: UpstreamResumption)
        case open(Result)
        case failed
    }

    /// What a handshake has led to.
    package struct Result {
        package let means: ResumptionMeans
        let resumption: UpstreamResumption
        let version: TLSVersion?
        /// When the full handshake was that its session descends from.
        fileprivate let began: WallTime
        /// From when on a full handshake would fail: a certificate or a revocation list is over.
        fileprivate let limit: WallTime
        fileprivate let certificate: UpstreamSessions.CertificateDigest
        /// The session that it resumed, or offered in vain.
        fileprivate let offered: UpstreamSessions.Number?
    }

    /// What the connection's callback reaches, since it is made before the way.
    private final class Inbox {
        weak var way: EncryptedWay?
        /// Sessions that come within the handshake, of which too little is known then.
        var early: [SessionReference] = []
    }

    package init(
        _ tls: UpstreamTLS, _ names: ClientConnection.ServerNames, at endpoint: Endpoint, _ output: OutputBuffer
    ) throws(ClientError) {
        let inbox = Inbox()
        self.tls = tls
        key = tls.key(at: endpoint, names)
        self.inbox = inbox
        connection = try ClientConnection(context: tls.context, output: output, names: names) { session in
            if let way = inbox.way { way.given(session) }
        }
        inbox.way = self
    }

    /// What the handshake has led to; `nil` before its end.
    package var result: Result? { if case .open(let result) = state { result } else { nil } }

    // MARK: Handshake

    /// Drives the handshake as far as the bytes go; the first call writes the ClientHello.
    package func handshake() -> HandshakeProgress {
        if case .new = state { offer() }
        let progress = connection.handshake()
        switch progress {
        case .done: done()
        case .failed(let fault): failed(fault)
        case .wantsInput, .wantsSession, .waitsBeforeFinished: break
        }
        return progress
    }

    /// Not before the server has taken the connection: a session of TLS 1.3 is used up by that.
    private func offer() {
        guard let sessions = tls.sessions else {
            state = .asked(nil, why: .off)
            return
        }
        switch sessions.store.next(for: key, sessions.terms, at: Clocks.wall()) {
        case .nothing(let why): state = .asked(nil, why: why)
        case .offer(let offer):
            // One that libssl does not take any more is as good as none.
            state = connection.offer(offer.session) ? .asked(offer, why: .refused) : .asked(nil, why: .noSession)
        }
    }

    private func done() {
        guard case .asked(let offer, let why) = state else { return }
        let summary = connection.summary
        let result: Result
        if summary.resumed == .no {
            let leaf = connection.serverCertificate
            result = Result(
                means: .no, resumption: why, version: summary.version, began: Clocks.wall(),
                limit: connection.trustEnds(at: Clocks.wall()), certificate: leaf?.number ?? 0,
                offered: offer?.number)
            shown(leaf, in: result)
        } else {
            result = Result(
                means: summary.resumed, resumption: .resumed, version: summary.version,
                began: offer?.began ?? Clocks.wall(), limit: offer?.limit ?? .distantPast,
                certificate: offer?.certificate ?? 0, offered: offer?.number)
            if summary.version != .tls1_3, let offer { keepRenewed(offer) }
        }
        state = .open(result)
        tls.seen.succeeded(result.means)
        for session in inbox.early { keep(session, result) }
        inbox.early = []
    }

    /// A full handshake: the session that was offered is of no use, nor are those under another certificate.
    private func shown(_ leaf: PeerLeaf?, in result: Result) {
        if let leaf { tls.seen.shown(leaf) }
        guard let store = tls.sessions?.store else { return }
        if let offered = result.offered { store.remove(offered, under: key) }
        if let leaf, store.shown(leaf.number, under: key, at: result.began) { tls.seen.changedCertificate() }
    }

    /// libssl does not tell of a ticket that renews a session of TLS 1.2.
    private func keepRenewed(_ offer: UpstreamSessions.Offer) {
        guard let current = connection.currentSession, !current.ticket.isEmpty, current.ticket != offer.session.ticket
        else { return }
        inbox.early.append(current)
    }

    /// The handshake has failed: by a reset or silence too, of which libssl knows nothing. What was offered may be why.
    func failed(_ fault: HandshakeFault) {
        guard case .asked(let offer, _) = state else { return }
        if offer != nil { tls.sessions?.store.removeAll(under: key) }
        state = .failed
        tls.seen.failed(fault)
    }

    /// What a failed handshake says of the server, where a client has chosen the name that it was asked for: any client could
    /// have it ejected otherwise.
    func connectError(_ fault: HandshakeFault) -> ConnectError {
        guard tls.asked == .client else { return .tls(fault.detail) }
        return switch fault.cause {
        case .otherCertificateName where tls.verified == nil: .name(fault.detail)
        case .alertReceived(.unrecognizedName): .name(fault.detail)
        // The server shows, or does, for this name what it may not for another.
        case .alertReceived, .badCertificate, .certificateExpired, .certificateRevoked, .crlExpired, .crlMissing,
            .unknownAuthority, .otherCertificateName:
            .tls(fault.detail, mayBeName: true)
        default: .tls(fault.detail)
        }
    }

    /// Whether a session may still come, behind the handshake.
    var owesSession: Bool {
        guard case .open(let result) = state, tls.sessions != nil else { return false }
        return result.version == .tls1_3 && received.isEmpty
    }

    // MARK: Sessions

    private func given(_ session: SessionReference) {
        if case .open(let result) = state { keep(session, result) } else { inbox.early.append(session) }
    }

    private func keep(_ session: SessionReference, _ result: Result) {
        guard let sessions = tls.sessions else { return }
        let number = sessions.store.keep(
            session, under: key, began: result.began, until: result.limit, certificate: result.certificate,
            sessions.terms, at: Clocks.wall()
        )
        guard let number else { return }
        received.append(number)
        if received.count > sessions.terms.keep { received.removeFirst() }
    }

    /// The connection has ended in a way that its sessions are not to outlast (RFC 5246 §7.2.2).
    func dropSessions() {
        guard let store = tls.sessions?.store, case .open(let result) = state else { return }
        for number in received { store.remove(number, under: key) }
        if let offered = result.offered { store.remove(offered, under: key) }
        received = []
    }

    // MARK: KeyUpdate

    /// Whether the server has asked for no more keys than it may (RFC 8446 §4.6.3).
    func keyUpdatesAreInBounds(perSecond: Int, at now: Instant) -> Bool {
        let received = stream.keyUpdatesReceived
        guard received != keyUpdates.seen else { return true }
        return keyUpdates.allow(upTo: received, perSecond: perSecond, at: now)
    }
}

extension PeerLeaf {
    /// What tells it from others of the same server's.
    fileprivate var number: UpstreamSessions.CertificateDigest {
        digest.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
    }
}
