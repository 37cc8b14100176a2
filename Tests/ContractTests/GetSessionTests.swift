import CRepriseOpenSSL
import Testing

/// When SSL_CTX_sess_set_get_cb(3)'s callback is asked, and what libssl does with its answer.
@Suite struct GetSessionTests {
    private final class Kept {
        let server: Context
        let client: Context
        let store = OutsideStore()

        init(_ carrier: Carrier) {
            (server, client) = (Context.server(carrier), Context.client(carrier))
            server.use(store)
        }

        func session() throws -> Session { try Link.firstSession(server, client) }
        func resume(_ session: Session) -> Link.Outcome { Link.meet(server, client, resuming: session).outcome }
    }

    @Test func `TLS 1_2: it is asked once, for the session id`() throws {
        let kept = Kept(.id)
        let session = try kept.session()
        #expect(kept.store.asked.isEmpty)
        #expect(kept.resume(session) == .resumed)
        #expect(kept.store.asked == [session.look { SessionFields.id($0) }])
    }

    @Test func `TLS 1_3 without tickets: it is asked once, for the 32 bytes that stand for a ticket`() throws {
        let kept = Kept(.stateful)
        let session = try kept.session()
        #expect(session.ticket.count == 32)
        #expect(kept.store.asked.isEmpty)
        #expect(kept.resume(session) == .resumed)
        #expect(kept.store.asked == [session.ticket])
    }

    @Test(arguments: Carrier.sealed)
    func `it is not asked about a ticket that opens`(carrier: Carrier) throws {
        let kept = Kept(carrier)
        #expect(try kept.resume(kept.session()) == .resumed)
        #expect(kept.store.asked.isEmpty)
    }

    @Test(arguments: Carrier.sealed)
    func `it is not asked about a ticket that does not open`(carrier: Carrier) throws {
        let kept = Kept(carrier)
        #expect(try kept.resume(kept.session().damaged()) == .full)
        #expect(kept.store.asked.isEmpty)
    }

    @Test func `a TLS 1_3 server without tickets does not ask about an identity of another length`() throws {
        let sealing = Context.server(.stateless), kept = Kept(.stateful)
        #expect(try kept.resume(Link.firstSession(sealing, kept.client)) == .full)
        #expect(kept.store.asked.isEmpty)
    }

    @Test func `a TLS 1_3 server with tickets asks about no identity`() throws {
        let stateful = Kept(.stateful), sealed = Kept(.stateless)
        #expect(try sealed.resume(stateful.session()) == .full)
        #expect(sealed.store.asked.isEmpty)
    }

    @Test func `tickets can be turned off for one connection while its ClientHello is read`() throws {
        let kept = Kept(.stateless)
        kept.server.clientHello = { ssl in
            SSL_set_options(ssl, reprise_op_no_ticket())
            return SSL_CLIENT_HELLO_SUCCESS
        }
        let session = try kept.session()
        #expect(session.ticket.count == 32)
        #expect(kept.resume(session) == .resumed)
        #expect(kept.store.asked == [session.ticket])
    }

    @Test(arguments: Carrier.remembered)
    func `no answer is a full handshake, with a session of its own`(carrier: Carrier) throws {
        let kept = Kept(carrier)
        let session = try kept.session()
        kept.server.getSession = { _, _ in nil }
        #expect(kept.resume(session) == .full)
        #expect(kept.store.sessions.count == 2)
    }

    @Test(arguments: Carrier.remembered)
    func `without a share libssl takes the reference it is given, and with one it takes its own`(
        carrier: Carrier
    ) throws {
        let kept = Kept(carrier)
        let session = try kept.session()
        for share: CInt in [0, 1] {
            let restored = session.stored(in: kept.store).restored()
            let freed = FreeCount(restored)
            kept.server.getSession = { _, isShared in
                #expect(isShared.pointee == 1)
                isShared.pointee = share
                return restored
            }
            #expect(kept.resume(session) == .resumed)
            #expect(freed.count == 1 - share)
            if share == 1 { SSL_SESSION_free(restored) }
            #expect(freed.count == 1)
        }
    }

    @Test(arguments: Carrier.remembered)
    func `a session for another session-id context is a full handshake`(carrier: Carrier) throws {
        let kept = Kept(carrier)
        let session = try kept.session()
        kept.server.use(sessionIDContext: "another")
        #expect(kept.resume(session) == .full)
        #expect(kept.store.asked.count == 1)
    }

    @Test(arguments: Carrier.remembered)
    func `an expired session is a full handshake`(carrier: Carrier) throws {
        let kept = Kept(carrier)
        let session = try kept.session()
        kept.store.whenFound = { session in
            reprise_session_set_time(session, reprise_session_time(session) - SSL_SESSION_get_timeout(session) - 60)
        }
        #expect(kept.resume(session) == .full)
    }

    @Test func `a TLS 1_3 session is a full handshake for TLS 1_2`() throws {
        #expect(try answering(.id, withSessionOf: .stateful) == .full)
    }

    /// libssl compares versions only after the binders, so the callback must.
    @Test func `a TLS 1_2 session is fatal for TLS 1_3`() throws {
        #expect(try answering(.stateful, withSessionOf: .id) == .failed("binder does not verify"))
    }

    private func answering(_ carrier: Carrier, withSessionOf other: Carrier) throws -> Link.Outcome {
        let kept = Kept(carrier), strange = Kept(other)
        let session = try kept.session()
        let stranger = try strange.session().stored(in: strange.store)
        kept.server.getSession = { _, isShared in
            isShared.pointee = 0
            return stranger.restored()
        }
        return kept.resume(session)
    }
}

extension Session {
    /// The server's form of the session that a client was given.
    fileprivate func stored(in store: OutsideStore) -> Session {
        let ticket = self.ticket
        let id = ticket.isEmpty ? look { SessionFields.id($0) } : ticket
        guard let session = store.sessions[id] else { preconditionFailure("no session of \(id.count) bytes' id") }
        return session
    }
}
