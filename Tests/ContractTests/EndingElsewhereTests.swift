import CRepriseOpenSSL
import Testing

/// What an ending does to a session that is not in libssl's cache.
@Suite struct EndingElsewhereTests {
    enum Ending: CaseIterable {
        case freed, alertReceived, alertSent, bareEnd

        func end(_ link: Link) {
            switch self {
            case .freed: break
            case .alertReceived: link.makeClientSendAlert()
            case .alertSent: link.forge(Link.badRecord)
            case .bareEnd: link.endClientStream()
            }
            if self != .freed {
                link.server.read()
                #expect(link.server.failure != nil)
            }
            link.server.free()
        }
    }

    @Test(arguments: Carrier.sealed, Ending.allCases)
    func `no ending reaches a ticket that seals its session`(carrier: Carrier, ending: Ending) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        let link = Link(server, client)
        #expect(link.handshake() == .full)
        ending.end(link)
        #expect(try Link.meet(server, client, resuming: link.client.session(0)).outcome == .resumed)
    }

    @Test(arguments: Carrier.remembered, Ending.allCases)
    func `without a remove callback no ending reaches a store of ours`(carrier: Carrier, ending: Ending) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        let store = OutsideStore()
        server.use(store)
        let link = Link(server, client)
        #expect(link.handshake() == .full)
        ending.end(link)
        #expect(store.sessions.count == 1)
        #expect(try Link.meet(server, client, resuming: link.client.session(0)).outcome == .resumed)
    }

    @Test func `an unclean end destroys only the last of several tickets`() throws {
        let server = Context.server(.stateful), client = Context.client(.stateful)
        SSL_CTX_set_num_tickets(server.pointer, 2)
        let link = Link(server, client)
        #expect(link.handshake() == .full)
        #expect(server.cachedSessions == 2)
        link.server.free()
        #expect(server.cachedSessions == 1)
        #expect(try Link.meet(server, client, resuming: link.client.session(0)).outcome == .resumed)
        #expect(try Link.meet(server, client, resuming: link.client.session(1)).outcome == .full)
    }

    @Test func `a stranger with the id and a wrong secret evicts a TLS 1_2 session from libssl's cache`() throws {
        let server = Context.server(.id), client = Context.client(.id)
        let session = try Link.firstSession(server, client)
        #expect(server.cachedSessions == 1)
        if case .failed = Link.meet(server, client, resuming: session.withAnotherSecret()).outcome {
        } else {
            Issue.record("a wrong secret resumed a session")
        }
        #expect(server.cachedSessions == 0)
    }

    @Test(arguments: Carrier.remembered)
    func `a stranger with the id and a wrong secret does not reach a store of ours`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        let store = OutsideStore()
        server.use(store)
        let session = try Link.firstSession(server, client)
        let stranger = Link.meet(server, client, resuming: session.withAnotherSecret()).outcome
        #expect(stranger != .resumed && stranger != .full)
        #expect(Link.meet(server, client, resuming: session).outcome == .resumed)
    }
}

extension Session {
    /// The same session with one bit of its secret changed.
    fileprivate func withAnotherSecret() -> Session {
        var copy = self
        let secret = look { session in
            var bytes = [UInt8](repeating: 0, count: SSL_SESSION_get_master_key(session, nil, 0))
            SSL_SESSION_get_master_key(session, &bytes, bytes.count)
            return bytes
        }
        guard let place = der.firstRange(of: secret)?.lowerBound else { preconditionFailure("no secret in the DER") }
        copy.der[place] ^= 1
        return copy
    }
}
