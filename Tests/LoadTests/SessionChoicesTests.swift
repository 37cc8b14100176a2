import RepriseLoad
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Sessions that a server should take, and those that it should not.
@Suite(.waits, .serialized) struct SessionChoicesTests {
    private static func run(
        _ port: Int, _ choice: SessionChoice, _ kind: HandshakeKind, _ change: (inout LoadPlan) -> Void = { _ in }
    ) throws -> Measurements {
        let mix = try Mix<SessionChoice>(parsing: choice == .newest ? "newest" : "newest:0.5,\(choice.word):0.5")
        return try LoadRunTests.run(
            LoadRunTests.plan(port) {
                ($0.handshake, $0.choice) = (Mix(kind), mix)
                change(&$0)
            })
    }

    @Test(arguments: [HandshakeKind.id, .ticket, .psk])
    func `a forged session is refused, and the client's own is not`(kind: HandshakeKind) throws {
        let server = try LoadRunTests.Server()
        let measured = try Self.run(server.port, .forged, kind)
        let (forged, own) = (try measured.share("forged"), try measured.share("newest"))
        #expect(forged == 0 && own == 1 && measured.done == 40, "\(measured)")
    }

    @Test(arguments: [HandshakeKind.ticket, .psk])
    func `an expired session goes out, and is refused`(kind: HandshakeKind) throws {
        let server = try LoadRunTests.Server(sessions: "mode: stateless, lifetime: 2s")
        let measured = try Self.run(server.port, .expired, kind) {
            ($0.connections, $0.duration) = (.max, .milliseconds(4500))
            $0.pace = .open(LoadProfile(LoadRate(40)), .constant)
        }
        let (expired, own) = (try measured.share("expired"), try measured.share("newest"))
        // Servers count lifetimes in whole seconds.
        #expect(expired == 0 && own > 0.75 && measured.failed == 0, "\(measured)")
    }

    @Test func `sessions of another machine are taken where both have the keys, and refused elsewhere`() throws {
        let (one, other) = (try LoadRunTests.Server(), try LoadRunTests.Server())
        let peer = try #require(Endpoint(parsing: "127.0.0.1:\(other.port)"))
        let strange = try Self.run(one.port, .otherServer, .psk) { $0.errand.servers.append(peer) }
        #expect(try strange.share("other-server") == 0 && strange.share("newest") == 1, "\(strange)")
        let same = try Self.run(one.port, .otherServer, .psk) { $0.errand.servers.append($0.errand.servers[0]) }
        #expect(try same.share("other-server") == 1 && same.share("newest") == 1, "\(same)")
    }

    @Test func `sessions of another name are offered under the new one`() throws {
        let server = try LoadRunTests.Server()
        let measured = try Self.run(server.port, .otherName, .psk) {
            $0.errand.names = ["localhost", "a.test", "b.test"].map { ClientConnection.ServerNames(asked: $0) }
        }
        #expect(try measured.share("newest") == 1 && measured.done == 40, "\(measured)")
        let all = try LoadRunTests.run(
            LoadRunTests.plan(server.port) {
                ($0.handshake, $0.choice) = (Mix(.psk), Mix(.otherName))
                $0.errand.names = ["localhost", "a.test"].map { ClientConnection.ServerNames(asked: $0) }
            })
        // Each client's first has none, and stays with its own name.
        #expect(all.withoutSession == 4 && all.offers().offered == 36, "\(all)")
        let offered = measured.offersMade.filter { $0.key.choice == .otherName }.reduce(0) { $0 + $1.value.offered }
        #expect(offered > 0 && measured.failed == 0, "\(measured)")
    }
}

extension Measurements {
    /// The share of sessions that were resumed of those that the word is said of.
    fileprivate func share(_ word: String) throws -> Double {
        try #require(value(of: .resumed(word)), "none was offered: \(self)")
    }
}
