import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// A clock that jumps costs resumptions at the most: no handshake, no denial, and nothing lives longer than it may.
@Suite struct SessionClockTests {
    private static let year: Int64 = 365 * 86_400

    @Test(arguments: SessionCarrier.allCases, [-50 * year, -year, -86_400, -7200, 7200, 86_400, 10 * year])
    func `a clock that jumps there and back loses no ticket, and stored sessions only ahead`(
        _ carrier: SessionCarrier, leap: Int64
    ) throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: carrier.mode))
        let (_, session) = try MemoryPair.outcome(listener, carrier.client())
        listener.clock.advance(seconds: leap)
        let (away, made) = try MemoryPair.outcome(listener, carrier.client(resuming: session))
        #expect(away != .resumed, "made in the future, or long ago: \(away)")
        // What is made meanwhile is good meanwhile.
        #expect(try MemoryPair.outcome(listener, carrier.client(resuming: made)).result == .resumed)
        listener.clock.advance(seconds: -leap)
        let (back, _) = try MemoryPair.outcome(listener, carrier.client(resuming: session))
        // The store has wiped what it believed to be over.
        #expect(back == (carrier.isStateful && leap > 0 ? .refused(.notFound) : .resumed))
    }

    @Test(arguments: SessionCarrier.allCases)
    func `a session made by a clock ahead does not outlive its time by as much`(_ carrier: SessionCarrier) throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: carrier.mode))
        listener.clock.advance(seconds: Self.year)
        let (_, session) = try MemoryPair.outcome(listener, carrier.client())
        listener.clock.advance(seconds: -Self.year)
        for _ in 0..<3 {
            #expect(try MemoryPair.outcome(listener, carrier.client(resuming: session)).result == .refused(.expired))
            listener.clock.advance(seconds: 30 * 86_400)
        }
    }

    @Test(arguments: [SessionCarrier.ticket, .stateless], [-year, year])
    func `a lineage stays denied, whatever the clock does`(_ carrier: SessionCarrier, leap: Int64) throws {
        let listener = try MemoryServer.context()
        let (_, session) = try MemoryPair.outcome(listener, carrier.client(), ending: .alertReceived(.badRecordMAC))
        for step in [leap, -leap, 1, -1] {
            listener.clock.advance(seconds: step)
            let result = try MemoryPair.outcome(listener, carrier.client(resuming: session), ending: .clientFIN).result
            #expect(result != .resumed)
            _ = try MemoryPair.outcome(listener, carrier.client(), ending: .alertReceived(.badRecordMAC))
        }
        #expect(try MemoryPair.outcome(listener, carrier.client(resuming: session)).result == .refused(.denied))
    }

    @Test(arguments: SessionCarrier.allCases)
    func `handshakes go on while the clock never rests`(_ carrier: SessionCarrier) throws {
        let listener = try MemoryServer.context(MemoryServer.settings(mode: carrier.mode))
        var session: MemoryClient.Session?
        for step in Int64(1)...60 {
            listener.clock.advance(seconds: (step % 2 == 0 ? -1 : 1) * step * step * 3600)
            let (_, next) = try MemoryPair.outcome(listener, carrier.client(resuming: session))
            #expect(
                try MemoryPair.outcome(listener, carrier.client(resuming: next ?? session)).result == .resumed
                    || next == nil)
            session = next ?? session
        }
    }
}
