internal import RepriseTLS
internal import RepriseVocabulary

/// Sessions that resume just once: an identity is public on the wire, and an eavesdropper must not be able to deny it
/// to its owner. A session is spent only when its binder has been proved.
extension ConnectionResumption {
    struct SingleUse {
        /// Sessions that this handshake has taken, and their DER for a second ClientHello.
        var spent = SpentSessions()
        /// The session that this call of libssl's may resume; no other connection may meanwhile.
        var held: Boxed<SessionKey>?
    }

    /// Holds a session for the length of this call: when the call returns we know whether it is resumed.
    ///
    /// - Returns: `false` when it is spent.
    func hold(_ key: SessionKey) -> Bool {
        // Who takes it from other machines has it alone.
        if domain.answersLater { return true }
        // A HelloRetryRequest asks for it twice.
        if singleUse.spent[key] != nil || singleUse.held?.value == key { return true }
        letGo()
        guard domain.held.hold(key) else { return false }
        singleUse.held = Boxed(key)
        // Another connection may have spent it between the lookup in the store and here.
        var isThere = false
        domain.store.look(key, at: clock()) { session, _ in isThere = !session.isEmpty }
        if !isThere { letGo() }
        return isThere
    }

    package func resumptionIsProved() {
        guard let held = singleUse.held?.value, let accepted = attempt.accepted?.state else { return }
        let session = domain.store.take(held, at: clock()) ?? []
        // Empty: a later offer of it is refused as spent.
        domain.store.put(held, UnsafeRawBufferPointer(start: nil, count: 0), expires: accepted.expires, at: clock())
        singleUse.spent.add(held, session, expires: accepted.expires)
        letGo()
    }

    package func grantWishes(_ count: Int) -> Int {
        domain.wishes.grant(count, to: client, at: clock(), lifetime: policy.lifetime)
    }

    package func callIsOver() {
        letGo()
    }

    /// The handshake has failed: puts back at once what it had spent.
    package func handshakeHasFailed() {
        giveBack(but: nil)
    }

    func letGo() {
        guard let held = singleUse.held?.value else { return }
        domain.held.letGo(held)
        singleUse.held = nil
    }

    /// Puts single-use sessions back that it has taken and not resumed.
    ///
    /// - Parameter resumed: the one that stays spent.
    func giveBack(but resumed: SessionKey?) {
        singleUse.spent.giveBack(to: domain.store, but: resumed, at: clock())
        let taken = remote.forget()
        if remote.wasTaken { domain.giveBack(taken, resumed: resumed, at: clock(), &wire) }
    }
}
