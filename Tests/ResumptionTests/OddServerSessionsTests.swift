import Foundation
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import RepriseResumption

/// Sessions whose servers say odd things of them: their word is kept where it shortens a life, and bounded where not.
@Suite struct OddServerSessionsTests {
    private let now = WallTime(secondsSinceEpoch: Int64(Date.now.timeIntervalSince1970))
    private let key = UpstreamSessionKey(
        policy: [1], endpoint: .ip(.loopback4, port: 1), asked: "a.test", verified: "a.test")
    /// Chains do not end before the sessions that are looked at.
    private let terms = UpstreamSessions.Terms(maximumChainAge: .seconds(100 * 86_400))

    private static func given(_ version: TLSVersion) throws -> MemoryClient.Session {
        var options = MemoryClient.Options()
        options.maximumVersion = version
        let pair = try MemoryPair(server: MemoryServer.context(), client: options)
        #expect(pair.handshake() == .done)
        return try #require(pair.client.sessions.last)
    }

    /// Keeps a session, and gives how long it can be offered, of some times.
    private func life(_ session: MemoryClient.Session, asked seconds: [Int64]) throws -> Int64? {
        let reference = try #require(session.reference)
        var last: Int64?
        for second in seconds {
            let store = UpstreamSessions(budget: 1 << 20)
            guard store.keep(reference, under: key, began: now, certificate: 7, terms, at: now) != nil else {
                #expect(store.counts.entries == 0)
                return nil
            }
            if case .offer = store.next(for: key, terms, at: now.later(by: .seconds(second))) { last = second }
        }
        return last
    }

    @Test func `a session of TLS 1 3 that is to be discarded at once is`() throws {
        var session = try Self.given(.tls1_3)
        session.hint(0)
        #expect(try life(session, asked: [0]) == nil)
    }

    @Test func `a session of TLS 1 2 whose server leaves its life open lives for a day`() throws {
        var session = try Self.given(.tls1_2)
        session.hint(0)
        #expect(try life(session, asked: [0, 86_399, 86_401, 604_800]) == 86_399)
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3], [UInt32(604_801), 4_000_000_000, .max])
    func `no server's word makes a session last longer than a week`(version: TLSVersion, hint: UInt32) throws {
        var session = try Self.given(version)
        session.hint(hint)
        #expect(try life(session, asked: [0, 604_799, 604_801, 1_000_000]) == 604_799)
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `a short life is one to the second`(version: TLSVersion) throws {
        var session = try Self.given(version)
        session.hint(10)
        #expect(try life(session, asked: [0, 9, 10, 11]) == 9)
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `a ticket of 15 KiB is kept and offered as it is`(version: TLSVersion) throws {
        var session = try Self.given(version)
        let ticket = (0..<15_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        session.replaceTicket(with: ticket)
        let store = UpstreamSessions(budget: 1 << 20)
        let reference = try #require(session.reference)
        #expect(store.keep(reference, under: key, began: now, certificate: 7, terms, at: now) != nil)
        guard case .offer(let offer) = store.next(for: key, terms, at: now) else {
            Issue.record("nothing is offered")
            return
        }
        #expect(offer.session.ticket == ticket && store.leftOut == 0)
    }
}
