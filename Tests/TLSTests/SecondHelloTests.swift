import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// The ClientHello after a HelloRetryRequest, which may change the key share and little else (RFC 8446 §4.1.2).
@Suite struct SecondHelloTests {
    private static let share = [UInt8](repeating: 9, count: 32)

    private func name(_ text: String) -> (type: UInt16, body: [UInt8]) {
        (0, MemoryHello.serverName(Array(text.utf8)))
    }

    /// A pair whose server has asked for a key share.
    private func retried(
        _ extensions: [(type: UInt16, body: [UInt8])], _ settings: ListenerTLSSettings = MemoryServer.settings()
    ) throws -> MemoryPair {
        let hosts = [MemoryServer.host("a.test"), MemoryServer.host("b.test")]
        let pair = try MemoryPair(server: MemoryServer.context(settings, hosts: hosts))
        let first = MemoryHello.tls1_3(share: nil, adding: extensions)
        #expect(pair.deliverInHandshake(first.records) == .wantsInput)
        let retry = pair.takeOutput()
        // The random that makes a ServerHello a HelloRetryRequest begins so (RFC 8446 §4.1.3).
        #expect(Array(retry.dropFirst(11).prefix(4)) == [0xcf, 0x21, 0xad, 0x74])
        return pair
    }

    @Test func `a second ClientHello with the share that was asked for is answered`() throws {
        let pair = try retried([name("b.test")])
        let second = MemoryHello.tls1_3(share: Self.share, adding: [name("b.test")])
        #expect(pair.deliverInHandshake(second.records) == .wantsInput)
        #expect(pair.server.summary.hostID == "b.test")
        #expect(pair.takeOutput().first == 22)
    }

    @Test(arguments: ["a.test", "else.test", nil])
    func `a second ClientHello cannot move to another host`(_ other: String?) throws {
        let pair = try retried([name("b.test")])
        let second = MemoryHello.tls1_3(share: Self.share, adding: other.map { [name($0)] } ?? [])
        guard case .failed(let fault) = pair.deliverInHandshake(second.records) else {
            Issue.record("it went on")
            return
        }
        #expect(fault.cause == .malformed)
        #expect(fault.alertSent?.name == "illegal_parameter")
        #expect(pair.server.summary.hostID == "b.test")
    }

    @Test func `a second ClientHello cannot bring a name that the first did not have`() throws {
        let pair = try retried([])
        let second = MemoryHello.tls1_3(share: Self.share, adding: [name("b.test")])
        guard case .failed(let fault) = pair.deliverInHandshake(second.records) else {
            Issue.record("it went on")
            return
        }
        #expect(fault.cause == .malformed)
    }

    @Test func `a second ClientHello is parsed as strictly as the first`() throws {
        let pair = try retried([name("b.test")], MemoryServer.settings(alpn: ["h2"]))
        let second = MemoryHello.tls1_3(share: Self.share, adding: [name("b.test"), (16, [0, 1, 0])])
        guard case .failed(let fault) = pair.deliverInHandshake(second.records) else {
            Issue.record("it went on")
            return
        }
        #expect(fault.cause == .malformed)
        #expect(fault.alertSent == .decodeError)
    }

    @Test func `a second ClientHello without the share is refused, not asked again`() throws {
        let pair = try retried([name("b.test")])
        let again = MemoryHello.tls1_3(share: nil, adding: [name("b.test")])
        guard case .failed(let fault) = pair.deliverInHandshake(again.records) else {
            Issue.record("it went on")
            return
        }
        #expect(fault.cause != .internalError, "\(fault)")
        #expect(fault.alertSent != nil)
    }
}
