import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// What comes in the place of a good ticket or id is a quiet full handshake with a reason, and harms nobody.
@Suite struct BadTicketTests {
    private func outcome(
        _ listener: MemoryListener, _ options: MemoryClient.Options
    ) throws -> (result: ResumptionOutcome.Result, session: MemoryClient.Session?) {
        let pair = try MemoryPair.connected(listener, options)
        #expect(pair.client.wasResumed == (pair.sessions.outcome.result == .resumed))
        pair.server.sendCloseNotify()
        return (pair.sessions.outcome.result, pair.client.sessions.last)
    }

    /// What can be sent in the place of a ticket, and what is made of it.
    private static func impostors(of ticket: [UInt8]) -> [(name: String, bytes: [UInt8], reason: ResumptionRefusal)] {
        let name = Array(ticket.prefix(16))
        let noise = { (count: Int) -> [UInt8] in (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ 11) } }
        return [
            ("one byte", [1], .forged),
            ("shorter than a name", Array(ticket.prefix(15)), .forged),
            ("a name alone", name, .forged),
            ("cut off by one", Array(ticket.dropLast()), .forged),
            ("cut off in the middle", Array(ticket.prefix(ticket.count / 2)), .forged),
            ("one more", ticket + [0], .forged),
            ("a known name and noise", name + noise(ticket.count - 16), .forged),
            ("noise of its length", noise(ticket.count), .keyUnknown),
            ("16 KiB of noise", noise(16 << 10), .keyUnknown),
            ("16 KiB under a known name", name + noise(16 << 10), .forged),
            ("32 KiB of noise", noise(30_000), .keyUnknown),
            ("32 KiB under a known name", name + noise(30_000), .forged),
        ]
    }

    @Test(arguments: [SessionCarrier.ticket, .stateless])
    func `a ticket that is cut off, forged or huge is a full handshake with its reason`(
        _ carrier: SessionCarrier
    ) throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: .stateless))
        let session = try #require(try outcome(listener, carrier.client()).session)
        for (name, bytes, reason) in Self.impostors(of: session.ticket) {
            var bad = session
            bad.replaceTicket(with: bytes)
            let (result, fresh) = try outcome(listener, carrier.client(resuming: bad))
            #expect(result == .refused(reason), "\(carrier) \(name): \(result)")
            // It got a good one instead, and the old one is as good as before.
            #expect(try outcome(listener, carrier.client(resuming: fresh)).result == .resumed, "\(name)")
        }
        #expect(try outcome(listener, carrier.client(resuming: session)).result == .resumed)
    }

    @Test(arguments: [SessionCarrier.ticket, .stateless])
    func `a ticket with any one bit changed is a full handshake`(_ carrier: SessionCarrier) throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: .stateless))
        let session = try #require(try outcome(listener, carrier.client()).session)
        for place in stride(from: 0, to: session.ticketBytes, by: 5) {
            var bytes = session.ticket
            bytes[place] ^= 1 << UInt8(place % 8)
            var bad = session
            bad.replaceTicket(with: bytes)
            let (result, _) = try outcome(listener, carrier.client(resuming: bad))
            #expect(result == .refused(place < 16 ? .keyUnknown : .forged), "byte \(place)")
        }
    }

    @Test func `an empty ticket asks for one, and offers nothing`() throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: .stateless))
        let (result, session) = try outcome(listener, SessionCarrier.ticket.client())
        #expect(result == .notOffered && session?.ticketBytes ?? 0 > 32)
    }

    @Test(arguments: 1...32)
    func `an id of any length that is not a stored session's is a full handshake`(count: Int) throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: .stateful))
        let session = try #require(try outcome(listener, SessionCarrier.id.client()).session)
        var bad = session
        bad.replaceID(with: (0..<count).map { UInt8($0 * 7) })
        #expect(try outcome(listener, SessionCarrier.id.client(resuming: bad)).result == .refused(.notFound))
        #expect(try outcome(listener, SessionCarrier.id.client(resuming: session)).result == .resumed)
    }

    @Test(arguments: [31, 33, 32])
    func `a handle that names no stored session is a full handshake`(count: Int) throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: .stateful))
        let carrier = SessionCarrier.stateful
        let session = try #require(try outcome(listener, carrier.client()).session)
        var bad = session
        bad.replaceTicket(with: (0..<count).map { UInt8($0 * 7) })
        #expect(try outcome(listener, carrier.client(resuming: bad)).result == .refused(.notFound))
        #expect(try outcome(listener, carrier.client(resuming: session)).result == .resumed)
    }
}
