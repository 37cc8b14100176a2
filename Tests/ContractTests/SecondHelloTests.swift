import CRepriseOpenSSL
import Testing

/// What a HelloRetryRequest (RFC 8446 §4.1.4) asks for twice.
@Suite struct SecondHelloTests {
    /// A server that wants another key share than its clients send first.
    private func retrying(_ carrier: Carrier) -> (server: Context, client: Context) {
        let server = Context.server(carrier), client = Context.client(carrier)
        reprise_ctx_set_groups(server.pointer, "P-384")
        reprise_ctx_set_groups(client.pointer, "X25519:P-384")
        return (server, client)
    }

    @Test(arguments: Carrier.tls13)
    func `the ClientHello callback is called for both`(carrier: Carrier) {
        let (server, client) = retrying(carrier)
        var calls = 0
        server.clientHello = { _ in
            calls += 1
            return SSL_CLIENT_HELLO_SUCCESS
        }
        #expect(Link.meet(server, client).outcome == .full)
        #expect(calls == 2)
    }

    @Test(arguments: Carrier.tls13)
    func `the second can be suspended like the first`(carrier: Carrier) {
        let (server, client) = retrying(carrier)
        var calls = 0
        server.clientHello = { _ in
            calls += 1
            return calls % 2 == 1 ? SSL_CLIENT_HELLO_RETRY : SSL_CLIENT_HELLO_SUCCESS
        }
        let link = Link(server, client)
        #expect(link.handshake() == .suspended && link.handshake() == .suspended)
        #expect(link.handshake() == .full)
        #expect(calls == 4)
    }

    @Test func `a stateful session is looked for twice, and must be found twice`() throws {
        let (server, client) = retrying(.stateful)
        let store = OutsideStore()
        server.use(store)
        let session = try Link.firstSession(server, client)
        #expect(Link.meet(server, client, resuming: session).outcome == .resumed)
        #expect(store.asked.count == 2)

        var isSpent = false
        server.getSession = { id, isShared in
            isShared.pointee = 0
            defer { isSpent = true }
            return isSpent ? nil : store.find(id)
        }
        #expect(Link.meet(server, client, resuming: session).outcome == .full)
    }

    @Test func `a ticket is opened twice`() throws {
        let (server, client) = retrying(.stateless)
        var statuses: [CInt] = []
        server.ticketOpened = { _, status in
            statuses.append(status)
            return SSL_TICKET_RETURN_USE_RENEW
        }
        let second = try Link.meet(server, client, resuming: Link.firstSession(server, client))
        #expect(second.outcome == .resumed && second.sessions.count == 1)
        #expect(statuses.count == 2)
    }

    @Test(arguments: Carrier.tls13)
    func `after a switch of contexts the second is told to the context switched to`(carrier: Carrier) {
        let (server, client) = retrying(carrier)
        let host = Context.server(carrier)
        reprise_ctx_set_groups(host.pointer, "P-384")
        var told: [String] = []
        server.clientHello = { ssl in
            told.append("listener")
            SSL_set_SSL_CTX(ssl, host.pointer)
            return SSL_CLIENT_HELLO_SUCCESS
        }
        host.clientHello = { _ in
            told.append("host")
            return SSL_CLIENT_HELLO_SUCCESS
        }
        #expect(Link.meet(server, client).outcome == .full)
        #expect(told == ["listener", "host"])
    }

    @Test func `after a switch a suspended handshake runs on when the other context has no callback`() {
        let server = Context.server(.stateless), host = Context.server(.stateless)
        server.clientHello = { ssl in
            SSL_set_SSL_CTX(ssl, host.pointer)
            return SSL_CLIENT_HELLO_RETRY
        }
        let link = Link(server, .client(.stateless))
        #expect(link.handshake() == .suspended)
        #expect(link.handshake() == .full)
    }
}
