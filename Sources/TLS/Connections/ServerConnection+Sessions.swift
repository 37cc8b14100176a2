import CLibSSL

/// Sessions of one connection: from libssl's objects to values and back.
extension ServerConnection {
    /// Whether another ticket of this ClientHello may be tried; opening one costs an HMAC over it.
    func mayOpenTicket() -> Bool {
        triedTickets += 1
        return triedTickets <= TLSLimits.identities
    }

    /// Whether a resumed TLS 1.3 handshake gets a new ticket.
    var issuesTicketsWhenResumed: Bool { context.sessions.tickets(resumed: true, for: request) > 0 }

    /// Tells libssl how many TLS 1.3 tickets to make: after a resumption it makes one, if any are set at all.
    func planTickets(resumed: Bool) {
        plannedTickets = context.sessions.tickets(resumed: resumed, for: request)
        if let ssl { SSL_set_num_tickets(ssl, plannedTickets) }
    }

    /// The tickets that libssl has not made by itself.
    func missingTickets(resumed: Bool) -> Int {
        let wanted = context.sessions.tickets(resumed: resumed, for: request)
        return wanted - (resumed ? min(1, plannedTickets) : plannedTickets)
    }

    /// Puts our bytes and the lifetime on a session that is about to be handed out.
    ///
    /// - Returns: whether it shall be resumed at all.
    @discardableResult
    func markSession(_ session: OpaquePointer) -> Bool {
        guard let ssl else { return false }
        let isTLS13 = SSL_version(ssl) == TLS1_3_VERSION
        let isRenewal = SSL_session_reused(ssl) == 1
        let new = NewSession(isTLS13: isTLS13, isRenewal: isRenewal, peer: isRenewal ? nil : PeerChain(of: ssl))
        guard let mark = sessions.mark(new) else { return false }
        // A renewed TLS 1.2 session keeps the time it was made at, and so its lifetime.
        if isTLS13 || !isRenewal { _ = SSL_SESSION_set_timeout(session, max(1, mark.seconds)) }
        return SSL_SESSION_set1_ticket_appdata(session, mark.memory, mark.memory.count) == 1
    }

    /// Stores a session that libssl has just given an id.
    func keep(_ session: OpaquePointer) {
        guard let ssl else { return }
        let isTLS13 = SSL_version(ssl) == TLS1_3_VERSION
        // A stateless ticket has been sealed already; TLS 1.2 has asked for no mark yet.
        guard !isTLS13 || SSL_get_options(ssl) & reprise_op_no_ticket() != 0 else { return }
        guard isTLS13 || markSession(session) else { return }
        var idBytes: CUnsignedInt = 0
        guard let id = SSL_SESSION_get_id(session, &idBytes) else { return }
        let count = Int(i2d_SSL_SESSION(session, nil))
        guard count > 0, count <= TLSLimits.sessionBytes else { return }
        withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { buffer in
            // The master secret is in it.
            defer { OPENSSL_cleanse(buffer.baseAddress, buffer.count) }
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
        sessions.find(id, isTLS13: SSL_version(ssl) == TLS1_3_VERSION) { der in
            var start = der.baseAddress?.assumingMemoryBound(to: UInt8.self)
            restored = withUnsafeMutablePointer(to: &start) { place in
                place.withMemoryRebound(to: UnsafePointer<UInt8>?.self, capacity: 1) {
                    d2i_SSL_SESSION(nil, $0, der.count)
                }
            }
        }
        guard let session = restored else { return nil }
        guard mayResume(session) else {
            SSL_SESSION_free(session)
            return nil
        }
        return session
    }

    /// Asks the keeper about a session that was opened or found.
    func mayResume(_ session: OpaquePointer) -> Bool {
        var memory: UnsafeMutableRawPointer?
        var memoryBytes = 0
        var contextBytes: CUnsignedInt = 0
        guard SSL_SESSION_get0_ticket_appdata(session, &memory, &memoryBytes) == 1,
            let context = SSL_SESSION_get0_id_context(session, &contextBytes)
        else { return false }
        let opened = OpenedSession(
            memory: UnsafeRawBufferPointer(start: memory, count: memoryBytes),
            sessionIDContext: UnsafeRawBufferPointer(start: context, count: Int(contextBytes)),
            isTLS13: SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION)
        let isGood = sessions.judge(opened) == .resume
        if opened.isTLS13 { planTickets(resumed: isGood) }
        return isGood
    }
}
