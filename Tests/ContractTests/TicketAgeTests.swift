import CRepriseOpenSSL
import Testing

/// The age of a ticket as its client sees it (RFC 8446 §4.2.11.1).
@Suite struct TicketAgeTests {
    @Test(arguments: Carrier.tls13)
    func `a server does not compare the age that a client claims, unless there is early data`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        let session = try Link.firstSession(server, client).older(by: 1000)
        #expect(Link.meet(server, client, resuming: session).outcome == .resumed)
    }

    @Test(arguments: Carrier.tls13)
    func `a client does not offer a ticket that is older than its hint`(carrier: Carrier) throws {
        let server = Context.server(carrier), client = Context.client(carrier)
        let session = try Link.firstSession(server, client).older(by: 10_000)
        var keys: [UInt8]? = []
        server.clientHello = { ssl in
            keys = Hello.extensionBytes(TLSEXT_TYPE_psk, ssl)
            return SSL_CLIENT_HELLO_SUCCESS
        }
        #expect(Link.meet(server, client, resuming: session).outcome == .full)
        #expect(keys == nil)
    }

    @Test(arguments: Carrier.tls13)
    func `SSL_CTX_set_timeout of 0 is no short lifetime`(carrier: Carrier) throws {
        let server = Context.server(carrier)
        SSL_CTX_set_timeout(server.pointer, 0)
        #expect(try Link.firstSession(server, .client(carrier)).lifetimeHint == 7200)
    }

    @Test(arguments: Carrier.sealed)
    func `a lifetime of one second is one second`(carrier: Carrier) throws {
        let server = Context.server(carrier)
        server.ticketMade = { ssl in
            SSL_SESSION_set_timeout(SSL_get_session(ssl), 1)
            return 1
        }
        #expect(try Link.firstSession(server, .client(carrier)).lifetimeHint == 1)
    }
}

extension Session {
    /// The same session, made so many seconds earlier.
    fileprivate func older(by seconds: Int) -> Session {
        look { session in
            reprise_session_set_time(session, reprise_session_time(session) - seconds)
            return Session(session)
        }
    }
}
