package import RepriseTLS
package import RepriseVocabulary

/// The sessions of one connection: what it offered, what became of that, and what it is given.
///
/// Confined to the connection's worker. Time comes from the clock it is made with, so that every decision of one
/// connection is made by the loop's own time.
package final class ConnectionResumption: ConnectionSessions {
    let domain: SessionDomain
    let policy: ResumptionPolicy
    let clock: () -> WallTime
    let observer: (any SessionObserver)?
    /// The client's address.
    let client: IPAddress?

    private(set) var offer: SessionOffer?
    private var clients: ClientAuthentication?
    /// The last objection; of several tickets that were tried, the last one's.
    private var objection: ResumptionRefusal?
    /// What an offered session remembers that was found good.
    private(set) var accepted: ResumptionState?
    /// What the sessions of this connection carry from now on.
    var memory: ResumptionState?
    /// What is about to be handed out was marked.
    private var mayHandOut = false
    /// The memory is that of a session that was handed out here.
    private var isMarked = false
    private(set) var isDone = false
    /// What the client was handed last; of a resumed session, what it came with.
    private(set) var place: ResumptionHandle?
    /// What the offered ticket was opened by.
    private var openedBy: TicketKeyName?
    /// The accepted session's application data was set after its ticket had left.
    private var hasNewData = false
    /// The sessions that were handed out before the handshake was done.
    var waiting: [EstablishedSession] = []
    /// What the remote store was asked for.
    private var asked: [SessionKey] = []
    /// What it answered; kept until the handshake is done, since a HelloRetryRequest asks for it twice.
    var fetched: [SessionKey: [UInt8]] = [:]
    private var storeIsSilent = false
    /// Single-use sessions that this handshake has taken, and their DER for a second ClientHello.
    var spentSessions = SpentSessions()
    /// The single-use session that this call of libssl's may resume; nobody else may meanwhile.
    var held: SessionKey?
    /// The key of the session that is being judged.
    private var found: SessionKey?
    /// The store has let it go: it is judged for the reason alone.
    private var foundIsPast = false
    /// The key of the session that was judged good.
    private(set) var acceptedKey: SessionKey?
    /// The last thing that the remote store was told of them.
    var telling: Task<Void, Never>?
    /// Where sessions of this lineage went.
    var keys: [SessionKey] = []

    /// - Parameters:
    ///   - client: whose share of what is bounded it counts for; `nil` on a Unix socket.
    ///   - observer: is told of every session that the client is given.
    ///   - clock: the time now.
    package init(
        domain: SessionDomain, policy: ResumptionPolicy, client: IPAddress? = nil,
        observer: (any SessionObserver)? = nil,
        clock: @escaping () -> WallTime
    ) {
        self.domain = domain
        self.policy = policy
        self.observer = observer
        self.client = client
        self.clock = clock
    }

    /// What came of the offer; complete once the handshake is done.
    package var outcome: ResumptionOutcome {
        ResumptionOutcome(result: result, hostID: offer?.hostID, fingerprint: offer?.sessionIDContext ?? [])
    }

    /// What came of the offer in a handshake that has failed: what was found good, or not yet looked at, has no reason.
    package var resultOfFailure: ResumptionOutcome.Result {
        guard accepted == nil, objection != nil || !policy.isOn else { return .notOffered }
        return result
    }

    private var result: ResumptionOutcome.Result {
        guard let offer else { return .notOffered }
        if isDone, accepted != nil, objection == nil { return .resumed }
        guard policy.isOn else { return offer.isOffer ? .refused(.off) : .notOffered }
        let reason = objection ?? (accepted == nil ? .notFound : .mismatch)
        guard reason == .notFound || reason == .storeSilent else { return .refused(reason) }
        guard offer.isOffer else { return .notOffered }
        return .refused(offer.isOfAnotherVersion ? .mismatch : reason)
    }

    /// The lineage of this connection's session; `nil` before the handshake is done.
    package var lineage: Lineage? { isDone ? memory?.lineage : nil }

    // MARK: What the handshake asks

    package func begin(_ offer: SessionOffer, clients: ClientAuthentication?) -> Bool {
        (self.offer, self.clients) = (offer, clients)
        (objection, accepted, acceptedKey, memory, isMarked) = (nil, nil, nil, nil, false)
        guard policy.isOn, domain.remote != nil, offer.usesStore else { return false }
        let keys = keys(of: offer).filter { !asked.contains($0) }
        guard !keys.isEmpty else { return false }
        asked += keys
        wanted = keys
        return true
    }

    /// The keys that a remote store is to be asked for, while the handshake waits.
    package private(set) var wanted: [SessionKey] = []

    /// Whether what is asked for is to be taken, and not just got.
    package var takesWhatItWants: Bool { policy.isSingleUse && offer?.speaksTLS13 == true }

    /// What the store has answered; the handshake can be driven on.
    package func storeAnswered(_ sessions: [SessionKey: [UInt8]]) {
        wanted = []
        fetched.merge(sessions) { $1 }
    }

    /// The store has not answered in time, or has failed: what it has is not there.
    package func storeWasSilent() {
        wanted = []
        storeIsSilent = true
    }

    private func keys(of offer: SessionOffer) -> [SessionKey] {
        // libssl looks at no id when a ticket comes along.
        let ids = offer.speaksTLS13 ? offer.identities : offer.carriesTicket ? [] : [offer.sessionID]
        return ids.compactMap { id in id.withUnsafeBytes { SessionKey($0) } }
    }

    package func find(_ id: UnsafeRawBufferPointer, isTLS13: Bool, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard policy.isOn, let key = SessionKey(id) else { return refuse(.notFound) }
        (objection, found, foundIsPast) = (.notFound, nil, false)
        if !spentSessions.isEmpty, let session = spentSessions[key] {
            session.withUnsafeBytes { lend($0, under: key, body) }
        } else if domain.remote != nil {
            if storeIsSilent { objection = .storeSilent }
            fetched[key]?.withUnsafeBytes { lend($0, under: key, body) }
        } else {
            domain.store.look(key, at: clock()) { session, isPast in
                foundIsPast = isPast
                lend(session, under: key, body)
            }
        }
    }

    private func lend(
        _ session: UnsafeRawBufferPointer, under key: SessionKey, _ body: (UnsafeRawBufferPointer) -> Void
    ) {
        // What is left of a session that was resumed before.
        guard !session.isEmpty else { return refuse(.spent) }
        objection = nil
        found = key
        body(session)
    }

    package func openingKey(named name: UnsafeRawBufferPointer) -> TicketKeyAnswer {
        (found, foundIsPast, openedBy) = (nil, false, nil)
        guard policy.isOn else { return .none }
        switch domain.keys.opening(name: name, at: clock()) {
        case .found(let key, let isNewest):
            objection = nil
            openedBy = key.name
            return isNewest ? .newest(key.secrets) : .older(key.secrets)
        case .expired:
            objection = .expired
            return .none
        case .unknown:
            objection = .keyUnknown
            return .none
        }
    }

    package func ticketDidNotOpen() {
        // With a key of that name, what it sealed was something else.
        refuse(objection ?? .forged)
    }

    package func judge(_ session: OpenedSession) -> SessionAnswer {
        guard let offer, var memory = ResumptionState(reading: session.memory) else {
            refuse(.forged)
            return .refuse
        }
        if let reason = self.reason(against: session, memory, offer) {
            refuse(reason)
            return .refuse
        }
        if policy.isSingleUse, session.isTLS13, let found, domain.remote == nil, !hold(found) {
            refuse(.spent)
            return .refuse
        }
        hasNewData = false
        if let data = domain.pending[memory.lineage.id], data.set > memory.applicationDataSet {
            hasNewData = memory.remember(data.bytes, set: data.set)
        }
        memory.lineage.renewals &+= 1
        (accepted, acceptedKey, objection) = (memory, found, nil)
        return .resume
    }

    private func reason(
        against session: OpenedSession, _ memory: ResumptionState, _ offer: SessionOffer
    ) -> ResumptionRefusal? {
        guard policy.isOn else { return .off }
        guard session.isTLS13 == offer.speaksTLS13 else { return .mismatch }
        if !session.sessionIDContext.elementsEqual(offer.sessionIDContext) {
            return memory.host == offer.hostDigest ? .policyChanged : .otherHost
        }
        if !session.isCipherAllowed { return .mismatch }
        if !session.isTLS13, !ServerNameBytes.isName(memory.name, offer.serverName) { return .otherName }
        return objection(to: memory) ?? (foundIsPast ? .expired : nil)
    }

    private func objection(to memory: ResumptionState) -> ResumptionRefusal? {
        if let clients {
            // The session-id context has settled it; here it is only made sure of.
            if clients.mode == .require, memory.peer == nil { return .policyChanged }
            if let objection = memory.objection(of: clients, at: clock()) { return objection }
        }
        return policy.objection(to: memory, at: clock(), denyList: domain.denyList)
    }

    private func refuse(_ reason: ResumptionRefusal) {
        (objection, accepted, acceptedKey) = (reason, nil, nil)
    }

    package var wantsRenewal: Bool { hasNewData }

    package func sealingKey() -> TicketSecrets? {
        // Only what was marked is handed out.
        guard mayHandOut, let key = domain.keys.sealing(at: clock()) else {
            place = nil
            return nil
        }
        place = .ticket(key.name)
        return key.secrets
    }

    package func mark(_ session: NewSession) -> SessionMark? {
        let mark = marked(session)
        mayHandOut = mark != nil
        return mark
    }

    private func marked(_ session: NewSession) -> SessionMark? {
        guard policy.isOn, let offer else { return nil }
        // What was not judged good does not become good by a new ticket.
        guard !session.isRenewal || accepted != nil else { return nil }
        let now = clock()
        let memory = isMarked ? self.memory ?? remember(session, offer, at: now) : remember(session, offer, at: now)
        let seconds = memory.expires.secondsSinceEpoch - now.secondsSinceEpoch
        guard seconds > 0 else { return nil }
        if let peer = memory.peer, peer.certificates == nil { return nil }
        (self.memory, isMarked) = (memory, true)
        return SessionMark(memory: memory.encoded, seconds: Int(seconds))
    }

    /// What all sessions of this connection carry: decided once.
    private func remember(_ session: NewSession, _ offer: SessionOffer, at now: WallTime) -> ResumptionState {
        if session.isRenewal, var memory = memory ?? accepted {
            // A TLS 1.2 session lives as long as it was made to, however often it is renewed.
            if session.isTLS13 {
                memory.expires = policy.expiry(at: now, lineage: memory.lineage, peer: memory.peer)
            }
            return memory
        }
        if let memory { return memory }
        let id = LineageID(SessionCrypto.bytes(LineageID.byteCount))
        guard let id else { preconditionFailure("a lineage's name has \(LineageID.byteCount) bytes") }
        var memory = ResumptionState(
            lineage: Lineage(id: id, authenticatedAt: WallTime(secondsSinceEpoch: now.secondsSinceEpoch)), expires: now,
            host: offer.hostDigest, name: session.isTLS13 ? [] : ServerNameBytes.comparable(offer.serverName),
            peer: session.peer)
        memory.expires = policy.expiry(at: now, lineage: memory.lineage, peer: memory.peer)
        return memory
    }

    package func store(_ id: UnsafeRawBufferPointer, _ der: UnsafeRawBufferPointer) {
        place = nil
        guard policy.isOn, let memory, let key = SessionKey(id) else { return }
        place = .stored(key)
        if domain.remote != nil {
            let (session, expires, now) = (Array(der), memory.expires, clock())
            keys.append(key)
            // Nobody waits for it: a client that comes back sooner finds nothing, and makes a full handshake.
            telling = domain.tellRemote(after: telling) {
                try await $0.put(key, session, expires: expires, at: now)
            }
            return
        }
        if domain.store.put(key, der, expires: memory.expires, at: clock()).isKept { keys.append(key) }
    }

    package func checkResumption() -> ResumptionCheck {
        guard let accepted, objection == nil else { return .defect }
        switch objection(to: accepted) {
        // Time that ran out during the handshake is nobody's fault.
        case nil, .expired, .chainTooOld, .certificateExpired: return .inOrder
        case .denied: return .denied
        default: return .defect
        }
    }

    package func handshakeIsDone(resumed: Bool) -> ResumptionCheck {
        isDone = true
        guard resumed else {
            // What was taken was not used.
            giveBack(but: nil)
            // Found good, and yet not resumed: libssl found that it fits no cipher or version.
            if accepted != nil { refuse(.mismatch) }
            return .inOrder
        }
        giveBack(but: acceptedKey)
        // Looked at again: what is not good now must not go on, whoever let it through.
        let check = checkResumption()
        guard check == .inOrder else { return check }
        if memory == nil { memory = accepted }
        if place == nil { place = acceptedKey.map(ResumptionHandle.stored) ?? openedBy.map(ResumptionHandle.ticket) }
        return .inOrder
    }

    deinit {
        letGo()
        spentSessions.wipe()
    }
}
