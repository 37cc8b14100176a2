import CRepriseOpenSSL
import Glibc
import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Synchronization
import Testing

/// S2: each reference has one owner, and is given back exactly once. In a process of its own, since libcrypto counts the
/// sessions of all suites.
@Suite struct RetainedCountTests {
    @Test(.slow, .enabled(if: !Sanitizer.isOn))
    func `a hundred thousand retained sessions are freed exactly once each`() async {
        await #expect(processExitsWith: .success) {
            exit(try Count.connections(100_000) ? 0 : 1)
        }
    }

    @Test func `a thousand retained sessions are freed exactly once each`() async {
        await #expect(processExitsWith: .success) {
            exit(try Count.connections(1000) ? 0 : 1)
        }
    }
}

private enum Count {
    static let made = Atomic(0)
    static let freed = Atomic(0)

    /// Whether no session is left, after each of so many connections has been retained three times, one of them beyond
    /// the next ninety-nine connections.
    static func connections(_ count: Int) throws -> Bool {
        // libcrypto tells of each session that is made, and of each that is freed.
        CRYPTO_get_ex_new_index(
            CRYPTO_EX_INDEX_SSL_SESSION, 0, nil,
            { _, _, _, _, _, _ in Count.made.wrappingAdd(1, ordering: .relaxed) },
            nil,
            { _, _, _, _, _, _ in Count.freed.wrappingAdd(1, ordering: .relaxed) })
        let listener = try MemoryServer.context(MemoryServer.settings(mode: .both))
        try connect(listener, count)
        let (made, freed) = (Count.made.load(ordering: .relaxed), Count.freed.load(ordering: .relaxed))
        print("\(made) sessions made, \(freed) freed")
        return made >= count && made == freed
    }

    private static func connect(_ listener: MemoryListener, _ count: Int) throws {
        var kept: [RetainedSession] = []
        var sessions: [SessionCarrier: MemoryClient.Session] = [:]
        var models: [SessionCarrier: MemoryClient] = [:]
        for carrier in SessionCarrier.allCases { models[carrier] = try MemoryClient(carrier.client()) }
        for number in 0..<count {
            let carrier = SessionCarrier.allCases[number % SessionCarrier.allCases.count]
            let pair = try MemoryPair(
                server: listener, client: carrier.client(resuming: sessions[carrier]), like: models[carrier])
            guard pair.handshake() == .done else { return }
            pair.sessions.withSession(of: pair.server) { view in
                kept.append(view.retain())
                let (first, second) = (view.retain(), view.retain())
                precondition(first !== second)
            }
            // Every thousandth begins anew.
            sessions[carrier] = number % 1000 < 4 ? nil : pair.client.sessions.last ?? sessions[carrier]
            pair.server.sendCloseNotify()
            if kept.count == 100 { kept.removeAll() }
            let living = made.load(ordering: .relaxed) - freed.load(ordering: .relaxed)
            precondition(living >= kept.count && living < kept.count + 20, "\(living) live, \(kept.count) retained")
        }
    }
}
