import CRepriseOpenSSL
import Testing

/// What SSL_CTX_set_tlsext_ticket_key_evp_cb(3)'s return codes do.
@Suite struct TicketKeyTests {
    private final class Sealed {
        let server: Context
        let client: Context
        var sealing: CInt = 1
        var opening: CInt = 1
        /// What was asked for, in order: `true` to seal.
        var asked: [Bool] = []
        var names: [UInt8] = []

        init(_ carrier: Carrier) {
            (server, client) = (Context.server(carrier), Context.client(carrier))
            server.ticketKey = { [unowned self] key in
                asked.append(key.isSealing)
                if !key.isSealing { names.append(key.name[0]) }
                let answer = key.isSealing ? sealing : opening
                if answer > 0 { TicketKeys.prepare(key, name: 9) }
                return answer
            }
        }

        func meet(_ session: Session? = nil) -> (outcome: Link.Outcome, sessions: [Session]) {
            asked = []
            return Link.meet(server, client, resuming: session)
        }
    }

    @Test(arguments: Carrier.sealed)
    func `sealing with 1 gives a ticket that begins with the key's name`(carrier: Carrier) {
        let sealed = Sealed(carrier)
        let first = sealed.meet()
        #expect(first.outcome == .full && sealed.asked == [true])
        #expect(first.sessions.first?.ticket.starts(with: [UInt8](repeating: 9, count: 16)) == true)
        #expect(sealed.meet(first.sessions.first).outcome == .resumed)
        #expect(sealed.names == [9])
    }

    @Test func `sealing with 0 gives TLS 1_3 no ticket, and the handshake goes on`() {
        let sealed = Sealed(.stateless)
        sealed.sealing = 0
        let first = sealed.meet()
        #expect(first.outcome == .full && first.sessions.isEmpty)
    }

    @Test func `sealing with 0 gives TLS 1_2 an empty ticket, and the handshake goes on`() {
        let sealed = Sealed(.ticket)
        sealed.sealing = 0
        let first = sealed.meet()
        #expect(first.outcome == .full)
        #expect(first.sessions.allSatisfy { $0.ticket.isEmpty })
    }

    @Test(arguments: Carrier.sealed)
    func `sealing with -1 breaks the handshake off`(carrier: Carrier) {
        let sealed = Sealed(carrier)
        sealed.sealing = -1
        #expect(sealed.meet().outcome == .failed("callback failed"))
    }

    @Test(arguments: Carrier.sealed)
    func `opening with 1 resumes without a new ticket`(carrier: Carrier) {
        let sealed = Sealed(carrier)
        let second = sealed.meet(sealed.meet().sessions.first)
        #expect(second.outcome == .resumed && sealed.asked == [false])
        #expect(second.sessions.isEmpty)
    }

    @Test(arguments: Carrier.sealed)
    func `opening with 2 resumes with one new ticket`(carrier: Carrier) {
        let sealed = Sealed(carrier)
        SSL_CTX_set_num_tickets(sealed.server.pointer, 2)
        let session = sealed.meet().sessions.first
        sealed.opening = 2
        let second = sealed.meet(session)
        #expect(second.outcome == .resumed && sealed.asked == [false, true])
        #expect(second.sessions.count == 1)
        #expect(sealed.meet(second.sessions.first).outcome == .resumed)
    }

    @Test(arguments: Carrier.sealed)
    func `opening with 0 is a full handshake with a new ticket`(carrier: Carrier) {
        let sealed = Sealed(carrier)
        let session = sealed.meet().sessions.first
        sealed.opening = 0
        let second = sealed.meet(session)
        #expect(second.outcome == .full && sealed.asked == [false, true])
        #expect(second.sessions.count == 1)
    }

    @Test(arguments: Carrier.sealed)
    func `opening with -1 breaks the handshake off`(carrier: Carrier) {
        let sealed = Sealed(carrier)
        let session = sealed.meet().sessions.first
        sealed.opening = -1
        if case .failed = sealed.meet(session).outcome {
        } else {
            Issue.record("the handshake went on")
        }
    }

    @Test(arguments: Carrier.sealed)
    func `a ticket with one bit changed is a full handshake`(carrier: Carrier) {
        let sealed = Sealed(carrier)
        let session = sealed.meet().sessions.first?.damaged()
        #expect(sealed.meet(session).outcome == .full)
    }

    @Test func `the built-in key renews a ticket at each TLS 1_3 resumption, and never in TLS 1_2`() throws {
        for (carrier, renewals) in [(Carrier.stateless, 1), (.ticket, 0)] {
            let server = Context.server(carrier), client = Context.client(carrier)
            let second = try Link.meet(server, client, resuming: Link.firstSession(server, client))
            #expect(second.outcome == .resumed && second.sessions.count == renewals)
        }
    }

    @Test(arguments: Carrier.remembered)
    func `without tickets it is not asked`(carrier: Carrier) {
        let sealed = Sealed(carrier)
        let session = sealed.meet().sessions.first
        #expect(sealed.asked.isEmpty)
        #expect(sealed.meet(session).outcome == .resumed)
        #expect(sealed.asked.isEmpty)
    }
}
