import CRepriseOpenSSL
import RepriseVocabulary

/// Sessions of one connection: from libssl's objects to values and back.
extension ServerConnection {
    /// Whether another ticket of this ClientHello may be tried; opening one costs an HMAC over it.
    func mayOpenTicket() -> Bool {
        tickets.tried += 1
        return tickets.tried <= TLSLimits.identities
    }

    /// Whether a resumed TLS 1.3 handshake gets a new ticket.
    var issuesTicketsWhenResumed: Bool { context.sessions.tickets(resumed: true, for: hello.request) > 0 }

    /// How many tickets the handshake ends with: decided once, since the wishes it grants are counted.
    func ticketCount(resumed: Bool) -> Int {
        if let decided = tickets.decided, decided.resumed == resumed { return decided.count }
        let settings = context.sessions
        var count = settings.tickets(resumed: resumed, for: hello.request)
        let extra = count - (resumed ? settings.ticketsResumed : settings.ticketsFull)
        if extra > 0, settings.usesStore(isTLS13: true) { count += sessions.grantWishes(extra) - extra }
        tickets.decided = (resumed, count)
        return count
    }

    /// Tells libssl how many TLS 1.3 tickets to make: after a resumption it makes one, if any are set at all.
    func planTickets(resumed: Bool) {
        let count = holdsTickets ? 0 : ticketCount(resumed: resumed)
        if let ssl { SSL_set_num_tickets(ssl, count) }
    }

    /// Sets how many tickets ``issueTickets()`` makes, instead of what the listener's settings say.
    package func plan(heldTickets count: Int) {
        guard let ssl, tickets.issue == .held else { return }
        tickets.decided = (SSL_session_reused(ssl) == 1, count)
    }

    /// Writes the TLS 1.3 tickets that were held back (SSL_new_session_ticket(3)); at most once.
    package func issueTickets() {
        guard tickets.issue == .held, stream.isOpen, !stream.hasEndedWriting else { return }
        tickets.issue = .released
        guard summary.version == .tls1_3 else { return }
        let writesBefore = transport.pointee.writes
        writeMissingTickets()
        noteTickets(since: writesBefore)
    }

    /// Whether ``issueTickets()`` has some to make.
    package var ticketsAreToCome: Bool {
        guard let ssl, tickets.issue == .held, summary.version == .tls1_3 else { return false }
        if let decided = tickets.decided { return decided.count > 0 }
        return context.sessions.tickets(resumed: SSL_session_reused(ssl) == 1, for: hello.request) > 0
    }

    /// Writes the tickets that libssl has not made by itself (SSL_new_session_ticket(3)).
    ///
    /// It makes at most one after a resumption, and before 3.0.22 none after a pre-shared key that fits no cipher: only
    /// the tickets written count.
    func writeMissingTickets() {
        guard let ssl else { return }
        let wanted = ticketCount(resumed: SSL_session_reused(ssl) == 1)
        guard tickets.written < wanted else { return }
        // Otherwise one call would write all the tickets that libssl was told to make and has not.
        SSL_set_num_tickets(ssl, 0)
        while tickets.written < wanted {
            let before = tickets.written
            // libssl makes no ticket of a session that must not be resumed.
            guard writeTicket(ssl), tickets.written > before else { return }
        }
    }

    /// Makes libssl write another TLS 1.3 ticket (SSL_new_session_ticket(3)).
    ///
    /// - Returns: whether it succeeded, which includes making no ticket for lack of a key.
    @discardableResult
    func writeTicket(_ ssl: OpaquePointer) -> Bool {
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        return SSL_new_session_ticket(ssl) == 1 && SSL_do_handshake(ssl) == 1
    }

    /// Reports a session that was just handed out.
    func announce(_ session: OpaquePointer) {
        if sessions.observesSessions { sessions.established(SessionReference(retaining: session)) }
    }

    /// Reports a TLS 1.2 session that a ticket holds: it has no id, and libssl does not report it.
    func announceTicketSession() {
        if let ssl, let session = SSL_get_session(ssl) { announce(session) }
    }

    /// Puts our bytes and the lifetime on a session that is about to be handed out.
    ///
    /// - Returns: whether it may be resumed at all.
    @discardableResult
    func markSession(_ session: OpaquePointer) -> Bool {
        guard let ssl else { return false }
        tickets.hasMarkedSession = true
        let isTLS13 = SSL_version(ssl) == TLS1_3_VERSION
        let isRenewal = SSL_session_reused(ssl) == 1
        let new = NewSession(isTLS13: isTLS13, isRenewal: isRenewal, peer: isRenewal ? nil : PeerChain(of: ssl))
        guard let mark = sessions.mark(new) else { return false }
        // A renewed TLS 1.2 session keeps the time it was made at, and so its lifetime.
        if isTLS13 || !isRenewal { _ = SSL_SESSION_set_timeout(session, max(1, mark.seconds)) }
        return SSL_SESSION_set1_ticket_appdata(session, mark.state, mark.state.count) == 1
    }

    /// Makes the keeper decide what a session carries that has not been handed out, and perhaps never will be.
    func markForLater(_ ssl: OpaquePointer) {
        _ = sessions.mark(
            NewSession(isTLS13: SSL_version(ssl) == TLS1_3_VERSION, isRenewal: false, peer: PeerChain(of: ssl)))
    }

    /// Stores a session that libssl has just given an id.
    func keep(_ session: OpaquePointer) {
        guard let ssl else { return }
        let isTLS13 = SSL_version(ssl) == TLS1_3_VERSION
        // A stateless ticket is sealed already; in TLS 1.2 the session has no mark yet.
        guard !isTLS13 || SSL_get_options(ssl) & reprise_op_no_ticket() != 0 else { return }
        guard isTLS13 || markSession(session) else { return }
        var idBytes: CUnsignedInt = 0
        guard let id = SSL_SESSION_get_id(session, &idBytes) else { return }
        let count = Int(i2d_SSL_SESSION(session, nil))
        guard count > 0, count <= TLSLimits.sessionBytes else { return }
        withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { buffer in
            // The master secret is in it.
            defer { buffer.wipe() }
            var end = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            guard i2d_SSL_SESSION(session, &end) == CInt(count) else { return }
            sessions.store(
                UnsafeRawBufferPointer(start: id, count: Int(idBytes)), UnsafeRawBufferPointer(buffer))
        }
    }

    /// A stored session that may be resumed; the reference is the caller's.
    func restore(_ id: UnsafeRawBufferPointer) -> OpaquePointer? {
        guard let ssl else { return nil }
        guard mayOpenTicket() else { return nil }
        var restored: OpaquePointer?
        var isThere = false
        sessions.find(id, isTLS13: SSL_version(ssl) == TLS1_3_VERSION) { der in
            isThere = true
            var start = der.baseAddress?.assumingMemoryBound(to: UInt8.self)
            restored = withUnsafeMutablePointer(to: &start) { pointer in
                pointer.withMemoryRebound(to: UnsafePointer<UInt8>?.self, capacity: 1) {
                    d2i_SSL_SESSION(nil, $0, der.count)
                }
            }
        }
        guard let session = restored else {
            ErrorQueue.clear()
            if isThere { sessions.ticketDidNotOpen() }
            return nil
        }
        guard mayResume(session) else {
            SSL_SESSION_free(session)
            return nil
        }
        return session
    }

    /// libssl has decided whether a session is resumed: a session that was judged good may have another digest than the
    /// cipher.
    ///
    /// - Returns: the alert instead of a ServerHello that would resume a session against the policy.
    func resumptionIsDecided(_ ssl: OpaquePointer) -> TLSAlert? {
        let isResumed = SSL_session_reused(ssl) == 1
        planTickets(resumed: isResumed)
        if pausesBeforeFinished, !isResumed, SSL_version(ssl) != TLS1_3_VERSION {
            SSL_set_msg_callback(ssl, handshakeMessageArrived)
        }
        // libssl calls back for the name after it has verified the binder.
        if isResumed { sessions.resumptionIsProved() }
        guard isResumed, let fault = sessions.checkResumption().fault else { return nil }
        hello.fault = Boxed((fault.cause, fault.detail))
        return .accessDenied
    }

    /// Whether a TLS 1.3 session has the digest of the suite that is chosen already: libssl asks for no more (RFC 8446
    /// §4.2.11), but only when the session was judged.
    private func fitsChosenSuite(_ session: OpaquePointer) -> Bool {
        guard let ssl, let chosen = SSL_get_pending_cipher(ssl), let its = SSL_SESSION_get0_cipher(session) else {
            return false
        }
        return SSL_CIPHER_get_handshake_digest(chosen) == SSL_CIPHER_get_handshake_digest(its)
    }

    /// Asks the keeper about a session that was opened or found.
    func mayResume(_ session: OpaquePointer) -> Bool {
        guard var opened = OpenedSession(session) else { return false }
        if opened.isTLS13 {
            opened.isCipherAllowed = fitsChosenSuite(session)
        } else if let host = hello.match?.host {
            opened.isCipherAllowed = host.allowsCipher(of: session)
        }
        return sessions.judge(opened) == .resume
    }
}

extension ResumptionCheck {
    /// What makes a handshake fail.
    var fault: (cause: HandshakeFailure, detail: String)? {
        switch self {
        case .inOrder: nil
        case .denied: (.resumptionDenied, "the session's lineage was denied during the handshake")
        case .defect: (.resumptionDefect, "a session was resumed that must not be")
        }
    }
}
