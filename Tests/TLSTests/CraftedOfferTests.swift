import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Offers to resume that no library would make: each is answered by a full handshake or the right alert.
@Suite struct CraftedOfferTests {
    private static let modes: [SessionMode] = [.both, .stateless, .stateful, .off]

    private func listener(_ mode: SessionMode) throws -> MemoryListener {
        try MemoryServer.context(MemoryServer.settings(mode: mode))
    }

    /// Sends a hello to a listener: how it went on, what came back, and how much was looked up.
    private func answer(
        _ hello: MemoryHello, at listener: MemoryListener
    ) throws -> (progress: HandshakeProgress, output: [UInt8], asked: Int, result: ResumptionOutcome.Result) {
        var sessions: ForwardingSessions?
        let pair = try MemoryPair(server: listener) { kept in
            let forwarding = ForwardingSessions(kept)
            sessions = forwarding
            return forwarding
        }
        let progress = pair.deliverInHandshake(hello.records)
        return (progress, pair.takeOutput(), sessions?.asked ?? 0, pair.sessions.outcome.result)
    }

    private func expectNextClientIsServed(by listener: MemoryListener) throws {
        #expect(try MemoryPair(server: listener, client: .init(serverName: "a.test")).handshake() == .done)
    }

    @Test(arguments: modes, [(64, 20), (64, 32), (60, 400), (1, 16 << 10), (1, 32_000)])
    func `of many identities a few are tried, and the handshake is a full one`(
        _ mode: SessionMode, _ offer: (count: Int, bytes: Int)
    ) throws {
        let listener = try listener(mode)
        let identities = (0..<offer.count).map { number in
            (0..<offer.bytes).map { UInt8(truncatingIfNeeded: number &* 31 &+ $0 &* 7 &+ number >> 8) }
        }
        let (progress, output, asked, result) = try answer(.offering(identities), at: listener)
        #expect(progress == .wantsInput && output.first == 22)
        #expect(asked <= TLSLimits.identities)
        if mode == .stateful, offer.bytes == 32 { #expect(asked == TLSLimits.identities) }
        guard case .refused = result else { return #expect(Bool(false), "\(result)") }
        try expectNextClientIsServed(by: listener)
    }

    @Test(arguments: modes, Array(0...32))
    func `a session id of any legal length is answered`(_ mode: SessionMode, count: Int) throws {
        let listener = try listener(mode)
        for var hello in [MemoryHello(), .tls1_3(share: [UInt8](repeating: 9, count: 32))] {
            hello.sessionID = [UInt8](repeating: 5, count: count)
            let (progress, output, asked, _) = try answer(hello, at: listener)
            #expect(progress == .wantsInput && output.first == 22 && asked <= 1)
        }
    }

    @Test(arguments: [33, 48, 255])
    func `a session id that is too long is a decode_error`(count: Int) throws {
        let listener = try listener(.both)
        for var hello in [MemoryHello(), .tls1_3(share: [UInt8](repeating: 9, count: 32))] {
            hello.sessionID = [UInt8](repeating: 5, count: count)
            guard case .failed(let fault) = try answer(hello, at: listener).progress else {
                return #expect(Bool(false), "\(count) bytes were taken")
            }
            #expect(fault.cause == .malformed && fault.alertSent == .decodeError, "\(fault)")
        }
        try expectNextClientIsServed(by: listener)
    }

    @Test(arguments: modes, [0, 1, 16, 32, 16 << 10, 32_400])
    func `a TLS 1-2 ticket of any length is answered`(_ mode: SessionMode, count: Int) throws {
        let listener = try listener(mode)
        let ticket = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let (progress, output, asked, result) = try answer(MemoryHello(adding: [(35, ticket)]), at: listener)
        #expect(progress == .wantsInput && output.first == 22 && asked <= 1)
        #expect((result == .notOffered) == (count == 0))
        try expectNextClientIsServed(by: listener)
    }

    @Test(arguments: [
        // No identity; an identity cut off; no binders; a binder too few bytes; bytes behind.
        [0, 0, 0, 33, 32] + [UInt8](repeating: 7, count: 32), [0, 7, 0, 9, 1, 0, 0, 0, 0], [0, 7, 0, 1, 1, 0, 0, 0, 0],
        [0, 7, 0, 1, 1, 0, 0, 0, 0, 0, 3, 2, 7, 7],
    ])
    func `a pre_shared_key extension that does not parse ends by an alert or a full handshake`(body: [UInt8]) throws {
        let listener = try listener(.both)
        let hello = MemoryHello.tls1_3(
            share: [UInt8](repeating: 9, count: 32), adding: [(45, [1, 1]), (41, body)])
        let (progress, output, _, _) = try answer(hello, at: listener)
        if case .failed(let fault) = progress {
            #expect(fault.cause == .malformed && output.first == 21, "\(fault)")
        } else {
            #expect(progress == .wantsInput && output.first == 22)
        }
        try expectNextClientIsServed(by: listener)
    }
}
