import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@Suite struct ClientHelloTests {
    private func outcome(
        of hello: MemoryHello, _ settings: ListenerTLSSettings = MemoryServer.settings(), fragment: Int = .max
    ) throws -> (progress: HandshakeProgress, summary: HandshakeSummary) {
        let pair = try MemoryPair(server: MemoryServer.context(settings))
        pair.fragment = fragment
        return (pair.deliverInHandshake(hello.records), pair.server.summary)
    }

    private static let name = Array("a.test".utf8)

    private static let malformed: [(what: String, type: UInt16, body: [UInt8])] = [
        ("an empty server_name", 0, []),
        ("an empty list of names", 0, [0, 0]),
        ("a list longer than the extension", 0, [0, 20, 0, 0, 6] + name),
        ("a list shorter than the extension", 0, [0, 8, 0, 0, 6] + name),
        ("a name longer than the list", 0, [0, 9, 0, 0, 7] + name),
        ("an empty name", 0, MemoryHello.serverName([])),
        ("a name with a zero byte", 0, MemoryHello.serverName(Array("a.test\0.evil.test".utf8))),
        ("a name of 256 bytes", 0, MemoryHello.serverName([UInt8](repeating: 0x61, count: 256))),
        ("two host names", 0, MemoryHello.serverName(name, name)),
        ("a name of another type", 0, [0, 9, 1, 0, 6] + name),
        ("an empty ALPN", 16, []),
        ("an empty list of protocols", 16, [0, 0]),
        ("an empty protocol", 16, [0, 1, 0]),
        ("a protocol longer than the list", 16, [0, 3, 9, 0x68, 0x32]),
        ("protocols shorter than the extension", 16, [0, 3, 2, 0x68, 0x32, 0]),
        ("an empty supported_versions", 43, []),
        ("no versions", 43, [0]),
        ("an odd list of versions", 43, [3, 3, 4, 3]),
        ("versions longer than the extension", 43, [4, 3, 4]),
        ("versions shorter than the extension", 43, [2, 3, 4, 3, 3]),
    ]

    @Test(arguments: malformed.indices)
    func `a malformed extension is a decode_error, whatever the listener is set to`(_ index: Int) throws {
        let (what, type, body) = Self.malformed[index]
        for settings in [MemoryServer.settings(), MemoryServer.settings(alpn: ["h2"], rejectsUnknownNames: true)] {
            guard case .failed(let fault) = try outcome(of: MemoryHello(adding: [(type, body)]), settings).progress
            else {
                Issue.record("\(what) went on")
                continue
            }
            #expect(fault.cause == .malformed, "\(what)")
            #expect(fault.alertSent == .decodeError, "\(what)")
        }
    }

    @Test func `the same hello without the damage is answered`() throws {
        let hello = MemoryHello(adding: [(0, MemoryHello.serverName(Self.name)), (16, [0, 3, 2, 0x68, 0x32])])
        for fragment in [1, 5, Int.max] {
            let (progress, summary) = try outcome(of: hello, MemoryServer.settings(alpn: ["h2"]), fragment: fragment)
            #expect(progress == .wantsInput)
            #expect(summary.serverName == "a.test")
            #expect(summary.hostID == "a.test")
        }
    }

    @Test func `an extension that comes twice is malformed`() throws {
        let name = MemoryHello.serverName(Self.name)
        guard case .failed(let fault) = try outcome(of: MemoryHello(adding: [(0, name), (0, name)])).progress else {
            Issue.record("it went on")
            return
        }
        #expect(fault.cause == .malformed)
    }

    @Test func `a hello of 64 KiB is refused by name, and costs nothing later`() throws {
        let padding = [UInt8](repeating: 0, count: 64_900)
        let (progress, _) = try outcome(of: MemoryHello(adding: [(21, padding)]))
        guard case .failed(let long) = progress else {
            Issue.record("it went on")
            return
        }
        #expect(long.cause == .helloTooLarge)
        // A length no ClientHello can have is refused on sight.
        let pair = try MemoryPair(server: MemoryServer.context())
        guard case .failed(let fault) = pair.deliverInHandshake([22, 3, 1, 0, 4, 1, 0xff, 0xff, 0xff]) else {
            Issue.record("a hello of 16 MiB was waited for")
            return
        }
        #expect(fault.cause == .malformed)
    }

    @Test func `a name that is not printable cannot write a line of the log`() throws {
        let asked = Array("a\nb\u{1b}[31m\\".utf8)
        let hello = MemoryHello(adding: [(0, MemoryHello.serverName(asked))])
        let summary = try outcome(of: hello).summary
        #expect(summary.serverName == #"a\x0ab\x1b[31m\x5c"#)
        guard
            case .failed(let fault) = try outcome(of: hello, MemoryServer.settings(rejectsUnknownNames: true)).progress
        else {
            Issue.record("it went on")
            return
        }
        #expect(fault.cause == .unknownName)
        #expect(fault.detail.utf8.allSatisfy { (0x20...0x7e).contains($0) })
    }
}
