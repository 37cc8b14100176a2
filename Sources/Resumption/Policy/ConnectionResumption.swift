package import RepriseTLS
package import RepriseVocabulary

/// The sessions of one connection: what the client offered, the result of that, and what it is given.
///
/// Only its connection's calls use it, and these are confined to the worker. Time comes from the clock it is made with,
/// so that every decision of one connection uses the loop's own time.
package final class ConnectionResumption: ConnectionSessions {
    let terms: ResumptionTerms
    /// The client's address.
    private(set) var client: IPAddress?

    private var hello: Hello?
    /// The session that was refused last, if it could be read.
    private(set) var lastRefused: LastRefused?
    private(set) var attempt = ResumptionAttempt.none
    var remote = RemoteLookup()
    var singleUse = SingleUse()
    var given = GivenSessions()
    var wire: Telling
    private var stage = Stage.open
    /// Chooses the upstream server before a full TLS 1.2 handshake is done, so that the session that it hands out
    /// remembers it; called once at most.
    package var choosesUpstream: (() -> UpstreamMemory?)?

    /// How far the handshake is.
    private enum Stage {
        case open
        /// It pauses before its last flight; what the client's session will carry is known.
        case prepared
        case done
    }

    /// What a ClientHello asks for, and what its host demands of the client.
    private struct Hello {
        var offer: SessionOffer
        let clients: ClientAuthentication?
    }

    /// - Parameter client: the address whose share of the limits it counts for; `nil` on a Unix socket.
    package init(_ terms: ResumptionTerms, client: IPAddress? = nil) {
        self.terms = terms
        self.client = client
        wire = Telling(on: terms.executor)
    }

    var domain: SessionDomain { terms.domain }
    var policy: ResumptionPolicy { terms.policy }
    var observer: (any SessionObserver)? { terms.observer }

    /// The time now.
    func clock() -> WallTime { terms.clock() }

    /// A proxy has said who the client is, before its handshake.
    package func identify(_ client: IPAddress?) { self.client = client }

    /// The result of the offer; complete once the handshake is done.
    package var outcome: ResumptionOutcome {
        ResumptionOutcome(
            result: result, hostID: offer?.hostID, fingerprint: offer?.sessionIDContext ?? [], refused: refusedSession)
    }

    /// The result of the offer in a handshake that has failed: a session that was found good, or not yet looked at, has
    /// no reason.
    package var resultOfFailure: ResumptionOutcome.Result {
        switch attempt {
        case .refused: return result
        case .none, .looking: return policy.isOn ? .notOffered : result
        case .accepted: return .notOffered
        }
    }

    private var result: ResumptionOutcome.Result {
        guard let offer else { return .notOffered }
        if isDone, case .accepted = attempt { return .resumed }
        guard policy.isOn else { return offer.isOffer ? .refused(.off) : .notOffered }
        let reason: ResumptionRefusal =
            switch attempt {
            case .none, .looking: .notFound
            case .refused(let reason): reason
            case .accepted: .mismatch
            }
        guard reason == .notFound || reason == .storeSilent else { return .refused(reason) }
        guard offer.isOffer else { return .notOffered }
        return .refused(offer.isOfAnotherVersion ? .mismatch : reason)
    }

    var isDone: Bool { stage == .done }
    /// Whether it is known what the connection's session carries, or will.
    var isKnown: Bool { stage != .open }
    var known: ResumptionState? { isKnown ? given.state : nil }

    /// The lineage of this connection's session; `nil` before the handshake is done, or pauses before its last flight.
    package var lineage: Lineage? { known?.lineage }

    /// The same, also where its session is about to be handed out.
    package var lineageToCome: Lineage? { given.state?.lineage }

    var offer: SessionOffer? { hello?.offer }

    // MARK: What the handshake asks

    package func begin(_ offer: SessionOffer, clients: ClientAuthentication?) -> Bool {
        hello = Hello(offer: offer, clients: clients)
        attempt = .none
        lastRefused = nil
        given.beginAgain()
        guard policy.isOn, domain.answersLater, offer.usesStore else { return false }
        return remote.ask(for: keys(of: offer), taking: takesWhatItWants)
    }

    /// The keys to ask a remote store for, while the handshake waits.
    package var wanted: [SessionKey] { remote.wanted }

    /// Whether to take the sessions out of the store, instead of only reading them.
    package var takesWhatItWants: Bool { policy.isSingleUse && offer?.speaksTLS13 == true }

    /// The store has answered; the handshake can go on.
    package func storeAnswered(_ sessions: [SessionKey: StoredSession]) { remote.answered(sessions) }

    /// The store has not answered in time, or has failed: its sessions count as missing.
    package func storeWasSilent() { remote.wasSilent() }

    private func keys(of offer: SessionOffer) -> [SessionKey] {
        // libssl ignores the id when a ticket comes along.
        let ids = offer.speaksTLS13 ? offer.identities : offer.carriesTicket ? [] : [offer.sessionID]
        return ids.compactMap { id in id.withUnsafeBytes { SessionKey($0) } }
    }

    package func find(_ id: UnsafeRawBufferPointer, isTLS13: Bool, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard policy.isOn, let key = SessionKey(id) else { return refuse(.notFound) }
        refuse(.notFound)
        if let session = singleUse.spent[key] {
            session.withUnsafeBytes { lend($0, .stored(key, isPast: false), body) }
        } else {
            let absence = domain.look(key, in: remote, at: clock()) { session, isPast in
                lend(session, .stored(key, isPast: isPast), body)
            }
            if let absence { refuse(absence) }
        }
    }

    private func lend(
        _ session: UnsafeRawBufferPointer, _ found: ResumptionAttempt.Found, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        // The empty rest of a single-use session that was resumed before.
        guard !session.isEmpty else { return refuse(.spent) }
        attempt = .looking(found)
        body(session)
    }

    package func openingKey(named name: UnsafeRawBufferPointer) -> TicketKeyAnswer {
        guard policy.isOn else { return .none }
        switch domain.keys.opening(name: name, at: clock()) {
        case .found(let key, let isNewest):
            attempt = .looking(.ticket(key.name))
            return isNewest ? .newest(key.secrets) : .older(key.secrets)
        case .expired:
            refuse(.expired)
            return .none
        case .unknown:
            refuse(.keyUnknown)
            return .none
        }
    }

    package func ticketDidNotOpen() {
        if case .refused = attempt { return }
        // We have a key of that name, but it did not seal this ticket.
        refuse(.forged)
    }

    package func judge(_ session: OpenedSession) -> SessionAnswer {
        guard let offer, let found = attempt.found, let state = ResumptionState(reading: session.state) else {
            // Its key is ours, and what it holds is not.
            if case .ticket? = attempt.found { refuse(.foreign) } else { refuse(.forged) }
            return .refuse
        }
        if let reason = self.reason(against: session, state, offer, found) {
            refuse(reason, state)
            return .refuse
        }
        if policy.isSingleUse, session.isTLS13, let key = found.key, !hold(key) {
            refuse(.spent, state)
            return .refuse
        }
        attempt = .accepted(accept(state, found))
        return .resume
    }

    private func accept(_ state: ResumptionState, _ found: ResumptionAttempt.Found) -> ResumptionAttempt.Accepted {
        var (state, hasNewData) = (state, false)
        if let data = domain.pending[state.lineage.id], data.set > state.applicationDataSet {
            hasNewData = state.remember(data.value, set: data.set)
        }
        if let upstream = domain.pendingUpstreams[state.lineage.id], upstream.set > state.upstream?.set ?? 0 {
            (state.upstream, hasNewData) = (upstream, true)
        }
        state.lineage.renewals &+= 1
        return ResumptionAttempt.Accepted(state: state, found: found, hasNewData: hasNewData)
    }

    private func reason(
        against session: OpenedSession, _ state: ResumptionState, _ offer: SessionOffer,
        _ found: ResumptionAttempt.Found
    ) -> ResumptionRefusal? {
        guard policy.isOn else { return .off }
        guard session.isTLS13 == offer.speaksTLS13 else { return .mismatch }
        if !session.sessionIDContext.elementsEqual(offer.sessionIDContext) {
            guard state.host.isOfDomain(of: offer.hostDigest) else { return .otherDomain }
            return state.host == offer.hostDigest ? .policyChanged : .otherHost
        }
        if !session.isCipherAllowed { return .mismatch }
        if !session.isTLS13, !ServerNameBytes.isName(state.name, offer.serverName) { return .otherName }
        return objection(to: state) ?? (found.isPast ? .expired : nil)
    }

    private func objection(to state: ResumptionState) -> ResumptionRefusal? {
        if let clients = hello?.clients {
            // The session-id context has decided this already; this only makes sure.
            if clients.mode == .require, state.peer == nil { return .policyChanged }
            if let objection = state.objection(of: clients, at: clock()) { return objection }
        }
        return policy.objection(to: state, at: clock(), denyList: domain.denyList)
    }

    /// - Parameter state: what the session remembers, if it could be read.
    private func refuse(_ reason: ResumptionRefusal, _ state: ResumptionState? = nil) {
        attempt = .refused(reason)
        lastRefused = state.map { LastRefused(state: $0, late: late($0, reason)) }
    }

    package var wantsRenewal: Bool { attempt.accepted?.hasNewData ?? false }

    package func sealingKey() -> TicketSecrets? {
        // Only marked sessions are handed out.
        guard given.isMarked, let key = domain.keys.sealing(at: clock()) else {
            given.handle = nil
            return nil
        }
        given.handle = .ticket(key.name)
        return key.secrets
    }

    package func mark(_ session: NewSession) -> SessionMark? {
        let mark = marked(session)
        given.isMarked = mark != nil
        return mark
    }

    private func marked(_ session: NewSession) -> SessionMark? {
        guard policy.isOn, let offer else { return nil }
        // A new ticket does not make a session good that was not judged good.
        guard !session.isRenewal || attempt.accepted != nil else { return nil }
        let now = clock()
        var state = given.given ?? state(for: session, offer, at: now)
        let seconds = state.expires.secondsSinceEpoch - now.secondsSinceEpoch
        guard seconds > 0 else { return nil }
        if let peer = state.peer, peer.certificates == nil { return nil }
        // In TLS 1.2 the client is handed its session before the handshake is done.
        if !session.isTLS13, !session.isRenewal, given.given == nil, let choose = choosesUpstream {
            choosesUpstream = nil
            given.change(to: state)
            if let upstream = choose() { state.upstream = Stamped(value: upstream, set: stamp(after: 0)) }
        }
        given.give(state)
        return SessionMark(state: state.encoded, seconds: Int(seconds))
    }

    package func prepare(_ session: NewSession) {
        guard stage == .open else { return }
        stage = .prepared
        // Judged good, and not resumed by libssl: the client has not proved that the session is its own.
        if case .accepted = attempt { refuse(.mismatch) }
        giveBack(but: nil)
        guard policy.isOn, let offer, given.state == nil else { return }
        given.change(to: state(for: session, offer, at: clock()))
    }

    /// What all sessions of this connection carry: decided once.
    private func state(for session: NewSession, _ offer: SessionOffer, at now: WallTime) -> ResumptionState {
        if session.isRenewal, var state = given.state ?? attempt.accepted?.state {
            // A TLS 1.2 session keeps its first expiry, even when it is renewed.
            if session.isTLS13 { state.expires = policy.expiry(at: now, lineage: state.lineage, peer: state.peer) }
            return state
        }
        if let state = given.state { return state }
        let id = LineageID(SessionCrypto.bytes(LineageID.byteCount))
        guard let id else { preconditionFailure("a lineage's name has \(LineageID.byteCount) bytes") }
        var state = ResumptionState(
            lineage: Lineage(id: id, authenticatedAt: now.wholeSecond), expires: now,
            host: offer.hostDigest, name: session.isTLS13 ? [] : ServerNameBytes.comparable(offer.serverName),
            peer: session.peer)
        state.expires = policy.expiry(at: now, lineage: state.lineage, peer: state.peer)
        return state
    }

    package func store(_ id: UnsafeRawBufferPointer, _ der: UnsafeRawBufferPointer) {
        given.handle = nil
        guard policy.isOn, let state = given.state, let key = SessionKey(id) else { return }
        given.handle = .stored(key)
        if domain.keep(key, der, expires: state.expires, at: clock(), &wire) { given.keys.append(key) }
    }

    package func checkResumption() -> ResumptionCheck {
        guard case .accepted(let accepted) = attempt else { return .defect }
        switch objection(to: accepted.state) {
        // Time that ran out during the handshake is no defect.
        case nil, .expired, .chainTooOld, .certificateExpired: return .inOrder
        case .denied: return .denied
        default: return .defect
        }
    }

    package func handshakeIsDone(resumed: Bool) -> ResumptionCheck {
        stage = .done
        hello?.offer.handshakeIsDone()
        guard resumed else {
            // The sessions taken were not used.
            giveBack(but: nil)
            // Judged good, but not resumed: libssl found that it fits no cipher or version.
            if case .accepted = attempt { refuse(.mismatch) }
            return .inOrder
        }
        giveBack(but: attempt.accepted?.found.key)
        // This checks again: a resumption that is not allowed now must not go on.
        let check = checkResumption()
        guard check == .inOrder, let accepted = attempt.accepted else { return check }
        if given.state == nil { given.change(to: accepted.state) }
        if given.handle == nil { given.handle = accepted.found.handle }
        return .inOrder
    }

    deinit {
        letGo()
        singleUse.spent.wipe()
    }
}
