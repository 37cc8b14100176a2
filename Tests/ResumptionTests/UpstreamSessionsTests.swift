import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import RepriseResumption

/// What servers give us is offered to them again, and to nobody else.
@Suite struct UpstreamSessionsTests {
    private let now = Clock.now

    fileprivate static func key(
        _ policy: UInt8 = 1, port: UInt16 = 1, _ asked: String? = "a.test"
    ) -> UpstreamSessionKey {
        UpstreamSessionKey(
            policy: [policy], endpoint: .ip(.loopback4, port: port), asked: asked, verified: asked)
    }

    /// Sessions that a server has given, each in a full handshake of its own.
    private static func given(
        _ version: TLSVersion = .tls1_3, _ count: Int = 1, offersTickets: Bool = true
    ) throws -> [SessionReference] {
        let listener = try MemoryServer.context()
        return try (0..<count).map { _ in
            var options = MemoryClient.Options()
            (options.maximumVersion, options.offersTickets) = (version, offersTickets)
            let pair = try MemoryPair(server: listener, client: options)
            #expect(pair.handshake() == .done)
            return try #require(pair.client.sessions.last?.reference)
        }
    }

    private static func store() -> UpstreamSessions { UpstreamSessions(budget: 1 << 20) }

    private func next(
        _ store: UpstreamSessions, _ key: UpstreamSessionKey = key(), at later: Duration = .zero,
        _ terms: UpstreamSessions.Terms = .init()
    ) -> (number: UInt64?, why: UpstreamResumption?) {
        switch store.next(for: key, terms, at: now.later(by: later)) {
        case .offer(let offer): (offer.number, nil)
        case .nothing(let why): (nil, why)
        }
    }

    private func keep(
        _ session: SessionReference, _ store: UpstreamSessions, _ key: UpstreamSessionKey = key(),
        age: Duration = .zero,
        certificate: UInt64 = 7, terms: UpstreamSessions.Terms = .init()
    ) -> UInt64? {
        store.keep(
            session, under: key, began: now.later(by: .zero - age), certificate: certificate, terms, at: now)
    }

    @Test func `a session of TLS 1 3 is offered once, the newest first`() throws {
        let store = Self.store()
        let numbers = try Self.given(.tls1_3, 3).map { keep($0, store) }
        #expect(!numbers.contains(nil))
        #expect(
            next(store).number == numbers[2] && next(store).number == numbers[1] && next(store).number == numbers[0])
        #expect(next(store).why == .noSession && store.counts.entries == 0)
    }

    @Test(arguments: [true, false])
    func `the newest session of TLS 1 2 is offered again and again, by ticket and by id`(offersTickets: Bool) throws {
        let store = Self.store()
        let numbers = try Self.given(.tls1_2, 2, offersTickets: offersTickets).map { keep($0, store) }
        for _ in 0..<3 { #expect(next(store).number == numbers[1]) }
        store.remove(try #require(numbers[1]), under: Self.key())
        #expect(next(store).number == numbers[0])
    }

    @Test func `what was agreed on otherwise is not offered`() throws {
        let store = Self.store()
        _ = keep(try Self.given()[0], store)
        let others = [
            Self.key(2), Self.key(port: 2), Self.key(1, "b.test"), Self.key(1, nil),
            UpstreamSessionKey(policy: [1], endpoint: .ip(.loopback4, port: 1), asked: "a.test", verified: "b.test"),
            UpstreamSessionKey(policy: [1], endpoint: .unix(path: "127.0.0.1:1"), asked: "a.test", verified: "a.test"),
        ]
        for other in others { #expect(next(store, other).why == .noSession) }
        #expect(next(store).number != nil)
    }

    @Test func `so many are kept under a key, and the oldest go`() throws {
        let store = Self.store()
        let terms = UpstreamSessions.Terms(keep: 2)
        let numbers = try Self.given(.tls1_3, 5).map { keep($0, store, terms: terms) }
        #expect(store.counts.entries == 2)
        #expect(next(store).number == numbers[4] && next(store).number == numbers[3] && next(store).why == .noSession)
        #expect(keep(try Self.given()[0], store, terms: .init(keep: 0)) == nil)
    }

    @Test func `one is not offered when its time is over, by its server's word or by the chain's age`() throws {
        let store = Self.store()
        let session = try Self.given()[0]
        _ = keep(session, store)
        #expect(next(store, at: .seconds(7 * 86_400 + 1), .init(maximumChainAge: .seconds(8 * 86_400))).why == .expired)
        _ = keep(session, store, age: .seconds(3590))
        #expect(next(store, at: .seconds(11), .init(maximumChainAge: .seconds(3600))).why == .chainTooOld)
        #expect(store.counts.entries == 0)
        _ = keep(session, store, age: .seconds(3590))
        #expect(next(store, at: .seconds(9), .init(maximumChainAge: .seconds(3600))).number != nil)
    }

    @Test func `one is not offered when what was verified for it is over`() throws {
        let store = Self.store()
        let session = try Self.given()[0]
        _ = store.keep(
            session, under: Self.key(), began: now, until: now.later(by: .seconds(10)), certificate: 7, .init(), at: now
        )
        #expect(next(store, at: .seconds(10)).why == .expired)
        _ = store.keep(
            session, under: Self.key(), began: now, until: now.later(by: .seconds(10)), certificate: 7, .init(), at: now
        )
        guard case .offer(let offer) = store.next(for: Self.key(), .init(), at: now.later(by: .seconds(9))) else {
            Issue.record("nothing is offered")
            return
        }
        #expect(offer.limit == now.later(by: .seconds(10)))
    }

    @Test func `another certificate ends the sessions before it, and its own stay`() throws {
        let store = Self.store()
        let sessions = try Self.given(.tls1_3, 2)
        _ = keep(sessions[0], store, certificate: 1)
        let number = keep(sessions[1], store, certificate: 2)
        #expect(store.shown(2, under: Self.key(), at: now) && !store.shown(2, under: Self.key(), at: now))
        #expect(next(store).number == number && next(store).why == .noSession)
    }

    @Test func `a full store lets the oldest go, whoever they are of, and goes on`() throws {
        let store = UpstreamSessions(budget: UpstreamSessions.leastBudget)
        let session = try Self.given()[0]
        for port in 1...1000 { #expect(keep(session, store, Self.key(port: UInt16(port))) != nil) }
        #expect(store.counts.evicted > 0 && store.counts.entries < 200)
        #expect(next(store, Self.key(port: 1)).why == .noSession && next(store, Self.key(port: 1000)).number != nil)
        let left = (1...1000).count { next(store, Self.key(port: UInt16($0))).number != nil }
        #expect(left > 10 && store.counts.entries == 0)
    }

    @Test func `a busy server crowds nobody out by sessions that are gone`() throws {
        let store = UpstreamSessions(budget: UpstreamSessions.leastBudget)
        let sessions = try Self.given(.tls1_3, 2)
        let number = keep(sessions[0], store)
        for _ in 0..<1000 {
            _ = keep(sessions[1], store, Self.key(port: 2))
            #expect(next(store, Self.key(port: 2)).number != nil)
        }
        #expect(next(store).number == number && store.counts.evicted == 0)
    }

    @Test func `a session of before another certificate that comes late is not kept`() throws {
        let store = Self.store()
        let sessions = try Self.given(.tls1_3, 3)
        _ = keep(sessions[0], store, certificate: 2)
        #expect(!store.shown(2, under: Self.key(), at: now))
        #expect(keep(sessions[1], store, age: .seconds(60), certificate: 1) == nil)
        #expect(keep(sessions[2], store, certificate: 2) != nil && store.counts.entries == 2)
    }

    @Test func `names that clients choose fill so much and no more, and others keep what they have`() throws {
        let store = Self.store()
        let session = try Self.given()[0]
        let terms = UpstreamSessions.Terms(areNamesOfClients: true)
        for name in 0..<500 { _ = keep(session, store, Self.key(1, port: 2, "\(name).test"), terms: terms) }
        #expect(store.counts.entries == UpstreamSessions.namesOfClients && store.leftOut == 244)
        #expect(
            keep(session, store) != nil && keep(session, store, Self.key(1, port: 2, "0.test"), terms: terms) != nil)
        store.removeAll(under: Self.key(1, port: 2, "0.test"))
        #expect(keep(session, store, Self.key(1, port: 2, "new.test"), terms: terms) != nil)
    }

    @Test func `a sweep forgets what has expired`() throws {
        let store = Self.store()
        for (port, session) in try Self.given(.tls1_3, 3).enumerated() {
            _ = keep(session, store, Self.key(port: UInt16(port + 1)))
        }
        store.sweep(at: now)
        #expect(store.counts.entries == 3)
        store.sweep(at: now.later(by: .seconds(8 * 86_400)))
        #expect(store.counts.entries == 0)
    }

    @Test func `of many threads one gets a session of TLS 1 3`() async throws {
        let store = Self.store()
        let (sessions, key) = (try Self.given(.tls1_3, 16), Self.key())
        for session in sessions { _ = keep(session, store) }
        let taken = Locked<[UInt64]>([])
        try await withThrowingTaskGroup(of: Void.self) { threads in
            for _ in 0..<4 {
                threads.addTask { [now] in
                    try await onOwnThread {
                        while case .offer(let offer) = store.next(for: key, .init(), at: now) {
                            taken.withLock { $0.append(offer.number) }
                        }
                    }
                }
            }
            try await threads.waitForAll()
        }
        #expect(taken.withLock { $0.count } == 16 && taken.withLock { Set($0).count } == 16)
    }

    @Test(.enabled(if: !Sanitizer.isOn))
    func `a thousand servers under four names keep an RSA server's sessions in 1,5 KiB each`() async {
        // In a process of its own, whose memory nobody else grows.
        await #expect(processExitsWith: .success) {
            let store = UpstreamSessions(budget: 16 << 20)
            let session = try UpstreamSessionsTests.ofRSA()
            let before = residentBytes()
            for port in 1...1000 {
                for name in 1...4 {
                    _ = store.keep(
                        session, under: UpstreamSessionsTests.key(port: UInt16(port), "\(name).test"), began: Clock.now,
                        certificate: 7, .init(), at: Clock.now)
                }
            }
            let each = (residentBytes() - before) / 4000
            // What the budget counts is what is taken, give or take a quarter.
            let counted = store.counts.bytes / 4000
            exit(store.counts.entries == 4000 && each <= 1536 && abs(each - counted) <= counted / 4 ? 0 : 1)
        }
    }

    /// A session that a server with an RSA certificate has given.
    fileprivate static func ofRSA() throws -> SessionReference {
        let made = try SelfSigned.make(
            names: ["a.test"], kind: .rsa2048, validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        let certificate = try ServerCertificate(chainPEM: made.chainPEM, keyPEM: made.keyPEM)
        let listener = try MemoryServer.context(hosts: [MemoryServer.host("a.test", certificates: [certificate])])
        let pair = try MemoryPair(server: listener, client: .init(serverName: "a.test"))
        #expect(pair.handshake() == .done)
        return try #require(pair.client.sessions.last?.reference)
    }
}

/// The memory of this process that is resident.
private func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(getpagesize())
}

private enum Clock {
    static let now = WallTime(secondsSinceEpoch: Int64(Date.now.timeIntervalSince1970))
}
