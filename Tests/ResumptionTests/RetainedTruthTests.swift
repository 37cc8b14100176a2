import Foundation
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import RepriseResumption

/// What could be changed by asking, or be undone by storing.
@Suite struct RetainedTruthTests {
    private func retain(_ pair: MemoryPair) throws -> RetainedSession {
        try #require(pair.sessions.withSession(of: pair.server) { $0.retain() })
    }

    private func data(_ pair: MemoryPair) -> [UInt8]? {
        pair.sessions.withSession(of: pair.server) { $0.details.applicationData }
    }

    private func singleUse() throws -> MemoryListener {
        var settings = MemoryServer.settings(mode: .stateful)
        settings.sessions.isSingleUse = true
        return try MemoryServer.context(settings)
    }

    @Test(arguments: [3000, 100_000, -100_000])
    func `asking about another moment costs nobody a ticket key or a session`(away: Int64) throws {
        let domain = MemoryServer.domain()
        let listener = try MemoryServer.context(MemoryServer.settings(mode: .both), domain: domain)
        listener.clock.advance(seconds: 3590)
        let old = try MemoryPair.connected(listener, SessionCarrier.stateless.client()).client.sessions.last
        for _ in 0..<100 {
            listener.clock.advance(seconds: 65)
            domain.keys.advance(to: listener.clock.now)
        }
        let byID = try MemoryPair.connected(listener, SessionCarrier.id.client())
        let keys = domain.keys.snapshot(at: listener.clock.now).count
        for pair in [try MemoryPair.connected(listener, SessionCarrier.stateless.client()), byID] {
            _ = try retain(pair).resumability(at: listener.clock.now.later(bySeconds: away))
        }
        #expect(domain.keys.snapshot(at: listener.clock.now).count == keys)
        #expect(
            try MemoryPair.connected(listener, SessionCarrier.stateless.client(resuming: old)).sessions.outcome.result
                == .resumed)
        let again = SessionCarrier.id.client(resuming: byID.client.sessions.last)
        #expect(try MemoryPair.connected(listener, again).sessions.outcome.result == .resumed)
    }

    @Test func `a single-use session resumes once, whatever data is set on it meanwhile`() throws {
        for _ in 0..<50 {
            let listener = try singleUse()
            let first = try MemoryPair.connected(listener, SessionCarrier.stateful.client())
            // nonisolated(unsafe): until the thread below has ended, it alone uses it.
            nonisolated(unsafe) let sessions = first.sessions
            let isOver = Locked(false)
            let done = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                var number: UInt8 = 0
                while !isOver.withLock({ $0 }) {
                    number &+= 1
                    try? sessions.setApplicationData([number])
                }
                done.signal()
            }
            let options = SessionCarrier.stateful.client(resuming: first.client.sessions.last)
            let second = try MemoryPair.connected(listener, options)
            isOver.withLock { $0 = true }
            done.wait()
            #expect(second.sessions.outcome.result == .resumed)
            #expect(try MemoryPair.connected(listener, options).sessions.outcome.result == .refused(.spent))
        }
    }

    @Test func `storing a retained session brings no spent one back, and replaces none`() async throws {
        let listener = try singleUse()
        let first = try MemoryPair.connected(listener, SessionCarrier.stateful.client())
        let retained = try retain(first)
        #expect(await retained.store(at: MemoryServer.now) == false)
        let options = SessionCarrier.stateful.client(resuming: first.client.sessions.last)
        #expect(try MemoryPair.connected(listener, options).sessions.outcome.result == .resumed)
        #expect(await retained.store(at: MemoryServer.now) == false)
        #expect(try MemoryPair.connected(listener, options).sessions.outcome.result == .refused(.spent))
    }

    @Test func `a session that was judged good and fits no cipher is not spent`() throws {
        let listener = try singleUse()
        var options = SessionCarrier.stateful.client()
        options.ciphersuites = "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"
        options.resuming = try MemoryPair.connected(listener, options).client.sessions.last
        var tls = TLSSettings.intermediate
        tls.ciphersuites = "TLS_AES_128_GCM_SHA256"
        var settings = MemoryServer.settings(tls, mode: .stateful)
        settings.sessions.isSingleUse = true
        let other = try MemoryServer.context(settings, domain: listener.domain)
        #expect(try MemoryPair.connected(other, options).sessions.outcome.result == .refused(.mismatch))
        #expect(try MemoryPair.connected(listener, options).sessions.outcome.result == .resumed)
    }

    @Test(arguments: SessionCarrier.allCases)
    func `the travelling form carries the application data that was set last`(_ carrier: SessionCarrier) throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: carrier.mode, alpn: ["h2"]))
        var options = carrier.client()
        options.alpn = ["h2"]
        let pair = try MemoryPair.connected(listener, options)
        try pair.sessions.setApplicationData([5])
        let retained = try retain(pair)
        let arrived = try RetainedSession(serialized: #require(retained.serialized()), in: retained.context)
        #expect(arrived.details.applicationData == [5])
        #expect(arrived.details.serverName == "a.test" && arrived.details.applicationProtocol == "h2")
    }

    @Test func `all stored sessions of a connection carry data that is set later`() throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: .stateful, ticketsFull: 2))
        let pair = try MemoryPair.connected(listener, SessionCarrier.stateful.client())
        try pair.sessions.setApplicationData([5])
        // Another process with the same store knows of nothing else.
        let other = SessionDomain(
            name: "test", store: listener.domain.store, keys: listener.domain.keys, denyList: DenyList(capacity: 1))
        let elsewhere = try MemoryServer.context(MemoryServer.settings(mode: .stateful), domain: other)
        for session in pair.client.sessions {
            #expect(data(try MemoryPair.connected(elsewhere, SessionCarrier.stateful.client(resuming: session))) == [5])
        }
    }

    @Test func `what was set last counts, though an earlier value was the same`() throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: .both))
        let first = try MemoryPair.connected(listener, SessionCarrier.stateless.client())
        try first.sessions.setApplicationData([1])
        let options = SessionCarrier.stateless.client(resuming: first.client.sessions.last)
        let (second, third) = (try MemoryPair.connected(listener, options), try MemoryPair.connected(listener, options))
        try second.sessions.setApplicationData([2])
        try third.sessions.setApplicationData([1])
        let last = try MemoryPair.connected(
            listener, SessionCarrier.stateless.client(resuming: third.client.sessions.last))
        #expect(data(last) == [1])
    }

    @Test func `data that the ticket carries waits for nothing`() throws {
        var listener = try MemoryServer.context(MemoryServer.settings(mode: .both))
        listener.holdsTickets = true
        let pair = try MemoryPair.connected(listener, SessionCarrier.stateless.client())
        try pair.sessions.setApplicationData([1])
        pair.server.issueTickets()
        #expect(listener.domain.pending.count == 0)
    }

    @Test func `a resumption is counted before its new ticket leaves, and without one`() throws {
        var listener = try MemoryServer.context(MemoryServer.settings(mode: .both))
        let first = try MemoryPair.connected(listener, SessionCarrier.stateless.client())
        listener.holdsTickets = true
        let held = try MemoryPair.connected(
            listener, SessionCarrier.stateless.client(resuming: first.client.sessions.last))
        #expect(held.sessions.lineage?.renewals == 1)
        held.server.issueTickets()
        #expect(held.sessions.lineage?.renewals == 1)
        var settings = MemoryServer.settings(mode: .both)
        settings.sessions.ticketsResumed = 0
        let none = try MemoryServer.context(settings)
        let begun = try MemoryPair.connected(none, SessionCarrier.stateless.client())
        let resumed = try MemoryPair.connected(
            none, SessionCarrier.stateless.client(resuming: begun.client.sessions.last))
        #expect(resumed.sessions.lineage?.renewals == 1)
    }

    @Test(arguments: [SessionMode.both, .stateful])
    func `a ticket that was held longer than its lifetime is not made`(_ mode: SessionMode) throws {
        var listener = try MemoryServer.context(
            MemoryServer.settings(mode: mode), policy: ResumptionPolicy(lifetime: .seconds(3)))
        listener.holdsTickets = true
        let pair = try MemoryPair.connected(listener, SessionCarrier.stateless.client())
        listener.clock.advance(seconds: 4)
        pair.server.issueTickets()
        pair.toClient()
        _ = try pair.client.read()
        #expect(pair.client.sessions.isEmpty)
        #expect(try retain(pair).resumability(at: listener.clock.now) == .no(.notHandedOut))
    }

    @Test func `without tickets to come a session says that nothing was handed out`() throws {
        var settings = MemoryServer.settings(mode: .both)
        settings.sessions.ticketsFull = 0
        let pair = try MemoryPair.connected(MemoryServer.context(settings), SessionCarrier.stateless.client())
        #expect(try retain(pair).resumability(at: MemoryServer.now) == .no(.notHandedOut))
    }

    @Test func `what comes when nobody reads any more is counted`() async throws {
        let sessions = EstablishedSessions()
        var listener = try MemoryServer.context(MemoryServer.settings(mode: .both))
        listener.observer = sessions
        sessions.finish()
        let pair = try MemoryPair.connected(listener, SessionCarrier.stateless.client())
        pair.sessions.announceSessions(of: pair.server)
        #expect(sessions.leftOut == 1)
    }

    @Test func `spent sessions are wiped where they lie`() throws {
        var spent = SpentSessions()
        let key = SessionKey(words: (1, 2, 3, 4))
        spent.add(key, [UInt8](repeating: 7, count: 300), expires: MemoryServer.now)
        // nonisolated(unsafe): written and read by this thread, within one call.
        nonisolated(unsafe) var seen: UnsafeRawBufferPointer?
        var copy = spent[key]
        copy?.withUnsafeBytes { seen = $0 }
        copy = nil
        let before = seen.map { $0.filter { $0 == 7 }.count }
        #expect(before == 300)
        spent.wipe { bytes in #expect(bytes.allSatisfy { $0 == 0 } && bytes.baseAddress == seen?.baseAddress) }
    }

    @Test func `one lineage that changes its data over and over costs no other its own`() {
        let pending = PendingData<[UInt8]>(capacity: 10)
        for number in 0..<5 {
            pending.set(Stamped(value: [1], set: 1), for: LineageID(high: 0, low: UInt64(number)))
        }
        for turn in 1...1000 {
            pending.set(Stamped(value: [2], set: UInt64(turn)), for: LineageID(high: 0, low: 9))
        }
        #expect(pending.count == 6 && pending.forgotten == 0 && pending.queued <= 21)
        pending.set(Stamped(value: [3], set: 5), for: LineageID(high: 0, low: 9))
        #expect(
            pending[LineageID(high: 0, low: 9)]?.value == [2], "an earlier time does not overwrite a later one")
    }
}
