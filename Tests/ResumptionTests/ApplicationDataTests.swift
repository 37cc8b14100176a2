import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import RepriseResumption

/// What a router has a session remember.
@Suite struct ApplicationDataTests {
    private func data(_ pair: MemoryPair) -> [UInt8]? {
        pair.sessions.withSession(of: pair.server) { $0.details.applicationData }
    }

    @Test(arguments: SessionCarrier.allCases)
    func `what is set on one connection is read on the next, and on those after it`(_ carrier: SessionCarrier) throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: carrier.mode))
        let first = try MemoryPair.connected(listener, carrier.client())
        try first.sessions.setApplicationData([1, 2, 3])
        #expect(data(first) == [1, 2, 3])
        var session = first.client.sessions.last
        for _ in 1...3 {
            let next = try MemoryPair.connected(listener, carrier.client(resuming: session))
            #expect(next.sessions.outcome.result == .resumed)
            #expect(data(next) == [1, 2, 3])
            session = next.client.currentSession ?? session
        }
    }

    @Test func `what is set before the ticket leaves is in the ticket`() throws {
        let domain = MemoryServer.domain()
        var listener = try MemoryServer.context(MemoryServer.settings(mode: .stateless), domain: domain)
        listener.holdsTickets = true
        let pair = try MemoryPair.connected(listener, SessionCarrier.stateless.client())
        try pair.sessions.setApplicationData([7])
        pair.server.issueTickets()
        pair.toClient()
        _ = try pair.client.read()
        // Another process with the same keys: nothing but the ticket can tell it.
        let elsewhere = SessionDomain(
            name: "test", store: MemoryServer.domain().store, keys: domain.keys, denyList: DenyList(capacity: 1))
        let other = try MemoryServer.context(MemoryServer.settings(mode: .stateless), domain: elsewhere)
        let resumed = try MemoryPair.connected(
            other, SessionCarrier.stateless.client(resuming: pair.client.sessions.last))
        #expect(data(resumed) == [7])
    }

    @Test func `a TLS 1.2 ticket is renewed when its data has changed, and not else`() throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: .both))
        let first = try MemoryPair.connected(listener, SessionCarrier.ticket.client())
        let plain = try MemoryPair.connected(
            listener, SessionCarrier.ticket.client(resuming: first.client.sessions.last))
        #expect(plain.client.currentSession?.ticket == first.client.sessions.last?.ticket)
        try plain.sessions.setApplicationData([9])
        let renewed = try MemoryPair.connected(
            listener, SessionCarrier.ticket.client(resuming: first.client.sessions.last))
        #expect(data(renewed) == [9])
        let old = first.client.sessions.last?.ticket
        let session = try #require(renewed.client.currentSession)
        #expect(session.ticket != old)
        let after = try MemoryPair.connected(listener, SessionCarrier.ticket.client(resuming: session))
        #expect(data(after) == [9] && after.client.currentSession?.ticket == session.ticket)
        // A client that has lost the new one comes with the old one.
        let late = try MemoryPair.connected(
            listener, SessionCarrier.ticket.client(resuming: first.client.sessions.last))
        #expect(data(late) == [9])
    }

    @Test(arguments: SessionCarrier.allCases)
    func `as much as fits is taken, and one byte more is refused with nothing lost`(_ carrier: SessionCarrier) throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: carrier.mode))
        let pair = try MemoryPair.connected(listener, carrier.client())
        let most = [UInt8](repeating: 0xAB, count: ApplicationDataError.limit)
        try pair.sessions.setApplicationData(most)
        #expect(throws: ApplicationDataError.tooLong(bytes: most.count + 1)) {
            try pair.sessions.setApplicationData(most + [0])
        }
        let next = try MemoryPair.connected(listener, carrier.client(resuming: pair.client.sessions.last))
        #expect(next.sessions.outcome.result == .resumed && data(next) == most)
    }

    @Test func `what was set last counts, wherever it was set`() throws {
        let domain = MemoryServer.domain()
        let other = SessionDomain(
            name: "test", store: MemoryServer.domain().store, keys: domain.keys, denyList: DenyList(capacity: 1))
        let settings = MemoryServer.settings(mode: .both)
        let (here, there) = (
            try MemoryServer.context(settings, domain: domain), try MemoryServer.context(settings, domain: other)
        )
        let first = try MemoryPair.connected(here, SessionCarrier.ticket.client())
        try first.sessions.setApplicationData([1])
        let second = try MemoryPair.connected(here, SessionCarrier.ticket.client(resuming: first.client.currentSession))
        #expect(data(second) == [1])
        there.clock.advance(seconds: 1)
        let third = try MemoryPair.connected(
            there, SessionCarrier.ticket.client(resuming: second.client.currentSession))
        try third.sessions.setApplicationData([])
        there.clock.advance(seconds: 1)
        let fourth = try MemoryPair.connected(
            there, SessionCarrier.ticket.client(resuming: third.client.currentSession))
        #expect(data(fourth) == [])
        here.clock.advance(seconds: 3)
        let fifth = try MemoryPair.connected(here, SessionCarrier.ticket.client(resuming: fourth.client.currentSession))
        #expect(data(fifth) == [])
    }

    @Test func `without a session there is nothing to remember it`() throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: .off))
        let pair = try MemoryPair.connected(listener, SessionCarrier.stateless.client())
        #expect(throws: ApplicationDataError.noSession) { try pair.sessions.setApplicationData([1]) }
    }
}

@Suite struct PendingDataTests {
    private func lineage(_ number: Int) throws -> LineageID {
        try #require(LineageID((0..<16).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }))
    }

    @Test func `what waits longest makes room at the limit, and is counted`() throws {
        let data = PendingData<[UInt8]>(capacity: 10)
        for number in 0..<10 {
            data.set(Stamped(value: [UInt8(number)], set: 1), for: try lineage(number))
        }
        #expect(data.count == 10 && data.forgotten == 0)
        // Set again, it is no longer the oldest.
        data.set(Stamped(value: [99], set: 2), for: try lineage(0))
        data.set(Stamped(value: [10], set: 1), for: try lineage(10))
        #expect(data.count == 10 && data.forgotten == 1)
        #expect(data[try lineage(1)] == nil)
        let (first, last) = (try lineage(0), try lineage(10))
        #expect(data[first]?.value == [99] && data[last]?.value == [10])
    }

    @Test func `setting one lineage's data over and over takes no more room`() throws {
        let data = PendingData<[UInt8]>(capacity: 10)
        data.set(Stamped(value: [1], set: 1), for: try lineage(1))
        for turn in 0..<1000 { data.set(Stamped(value: [2], set: UInt64(turn)), for: try lineage(2)) }
        #expect(data.count <= 2 && data.queued <= 30)
        #expect(data[try lineage(2)]?.set == 999)
    }
}
