import Foundation
import RepriseTLS
import RepriseTestSupport
import Testing

/// Files with ticket keys that go bad while the program serves: the keys of before stay in use.
@Suite(.waits) struct BadTicketKeysAreRefused {
    private static func key(_ count: Int = 80) -> Data { Data((0..<count).map { _ in UInt8.random(in: 0...255) }) }

    /// A file of Reprise's own with one key that opens between two times.
    private static func document(from start: String, until end: String) -> Data {
        let secret = key(32).base64EncodedString()
        let entry = "name: \(key(16).base64EncodedString()), aes: \(secret), hmac: \(secret)"
        return Data("keys: [{ \(entry), not_before: \(start), not_after: \(end) }]\n".utf8)
    }

    private func connect(
        _ reprise: RepriseProcess, resuming: MemoryClient.Session? = nil
    ) throws -> MemoryClient {
        try SocketClient.echoed(
            port: reprise.port(), SessionCarrier.stateless.client("localhost", resuming: resuming)
        ).tls
    }

    private func start() throws -> (reprise: RepriseProcess, file: URL, spare: Data) {
        let folder = RepriseProcess.temporaryFolder()
        let spare = Self.key()
        try Self.key().write(to: folder.appending(path: "ticket.key"))
        try spare.write(to: folder.appending(path: "old.key"))
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = """
            sessions: { tickets: { keys: [ticket.key, old.key] } }
            admin: { bind: "127.0.0.1:0" }
            """
        return (try configuration.start(folder: folder), folder.appending(path: "ticket.key"), spare)
    }

    private func reloads(_ reprise: RepriseProcess, _ result: String) throws -> Double {
        try reprise.metric("reprise_ticket_key_reloads_total{result=\"\(result)\"}")
    }

    @Test func `a key file that turns bad is logged and counted, and the old keys stay`() throws {
        let (reprise, file, spare) = try start()
        let session = try #require(try connect(reprise).sessions.last)
        let bad: [(name: String, content: Data, says: String)] = [
            ("garbage", Data("garbage".utf8), "base64"), ("empty", Data(), "empty"),
            ("short", Self.key(79), "79 bytes"), ("long", Self.key(70_000), "70000"),
            ("duplicate", spare, "same"), ("zeros", Data(count: 80), "random"),
            ("all expired", Self.document(from: "2020-01-01T00:00:00Z", until: "2021-01-01T00:00:00Z"), "past since"),
            ("no document", Data("keys: [{ name: x }]\n".utf8), "key 1"),
        ]
        for (number, (name, content, says)) in bad.enumerated() {
            try content.write(to: file, options: .atomic)
            let refused = { reprise.lines.filter { $0["message"]?.hasPrefix("ticket keys not reloaded") == true } }
            #expect(eventually(within: 15) { refused().count == number + 1 }, "\(name): \(reprise.log)")
            #expect(refused().last?["level"] == "error" && refused().last?["domain"] == "web", "\(name)")
            #expect(refused().last?["reason"]?.contains(says) == true, "\(name): \(refused().last ?? [:])")
            #expect(try reloads(reprise, "refused") == Double(number + 1), "\(name)")
            // What was sealed before opens, and new tickets are sealed: with the old keys.
            let again = try connect(reprise, resuming: session)
            #expect(again.wasResumed, "\(name)")
            #expect(again.sessions.last?.ticket.prefix(16) == session.ticket.prefix(16), "\(name)")
        }
        #expect(try reloads(reprise, "applied") == 0)
        try Self.key().write(to: file, options: .atomic)
        #expect(reprise.waitForLine { $0["message"] == "ticket keys reloaded" } != nil, "\(reprise.log)")
        #expect(try reloads(reprise, "applied") == 1)
        #expect(try connect(reprise).sessions.last?.ticket.prefix(16) != session.ticket.prefix(16))
    }

    @Test func `keys that are not valid yet are taken with a warning, and clients make full handshakes`() throws {
        let (reprise, file, _) = try start()
        try Self.document(from: "2990-01-01T00:00:00Z", until: "2991-01-01T00:00:00Z")
            .write(to: file, options: .atomic)
        let warning = reprise.waitForLine { $0["message"] == "ticket key warning" }
        #expect(warning?["warning"]?.contains("no key seals before") == true, "\(reprise.log)")
        #expect(try !connect(reprise).wasResumed)
        #expect(reprise.isRunning)
    }
}
