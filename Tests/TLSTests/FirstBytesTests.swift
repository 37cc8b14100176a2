import CRepriseOpenSSL
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@Suite struct FirstBytesTests {
    private func outcome(of bytes: [UInt8], fragment: Int = .max) throws -> (progress: HandshakeProgress, sent: [UInt8])
    {
        let pair = try MemoryPair(server: MemoryServer.context())
        pair.fragment = fragment
        return (pair.deliverInHandshake(bytes), pair.takeOutput())
    }

    private func cause(_ progress: HandshakeProgress) -> HandshakeFailure? {
        guard case .failed(let fault) = progress else { return nil }
        return fault.cause
    }

    @Test(arguments: [
        "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PRI", "PROPFIND", "REPORT",
    ])
    func `an HTTP request in the clear is told apart, however it is cut`(_ method: String) throws {
        let request = Array("\(method) / HTTP/1.1\r\n\r\n".utf8)
        for fragment in [1, 2, 7, Int.max] {
            let (progress, sent) = try outcome(of: request, fragment: fragment)
            #expect(cause(progress) == .plainHTTP)
            #expect(sent.isEmpty)
        }
        #expect(try outcome(of: Array("\(method)".utf8)).progress == .wantsInput)
    }

    @Test func `an empty line in front of a request does not hide it`() throws {
        #expect(try cause(outcome(of: Array("\r\nGET / HTTP/1.1\r\n".utf8)).progress) == .plainHTTP)
    }

    @Test(
        arguments: [
            [0x00], [0x16, 0x02], [0x17, 0x00], [0x53, 0x53, 0x48, 0x2d], [0x80, 0x2e, 0x02],
            [0x80, 0x2e, 0x01, 0x07, 0x00],
            Array("HELO mail\r\n".utf8), Array("get / http/1.1\r\n".utf8), Array("\r\n\r\nGET".utf8),
            [0xff, 0xff, 0xff],
        ] as [[UInt8]])
    func `what is not TLS is refused without a word`(_ bytes: [UInt8]) throws {
        for fragment in [1, Int.max] {
            let (progress, sent) = try outcome(of: bytes, fragment: fragment)
            #expect(cause(progress) == .notTLS)
            #expect(sent.isEmpty)
        }
    }

    @Test func `an SSLv2 hello and an SSLv3 hello are refused for their version`() throws {
        // SSLv2: version 0x0002, one cipher, no session id, a 16-byte challenge.
        let version2: [UInt8] =
            [0x80, 28, 1, 0, 2, 0, 3, 0, 0, 0, 16, 1, 0, 0x80] + [UInt8](repeating: 7, count: 16)
        // From 4.0 on libssl reads it as a record of no TLS version.
        let isRead = OpenSSL_version_num() < 0x4000_0000
        #expect(try cause(outcome(of: version2).progress) == (isRead ? .unsupportedVersion : .malformed))
        // SSLv3: 0x0300, no extensions.
        let body: [UInt8] = [3, 0] + [UInt8](repeating: 9, count: 32) + [0, 0, 2, 0, 0x2f, 1, 0]
        let version3: [UInt8] = [22, 3, 0, 0, UInt8(body.count + 4), 1, 0, 0, UInt8(body.count)] + body
        #expect(try cause(outcome(of: version3).progress) == .unsupportedVersion)
    }

    @Test func `random bytes end every handshake with a cause, and never with a crash`() throws {
        var random = SystemRandomNumberGenerator()
        let context = try MemoryServer.context()
        for round in 0..<3000 {
            var bytes = (0..<Int.random(in: 1...600, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            // A third looks like a record, a third of those like a ClientHello.
            if round % 3 == 0, bytes.count > 5 { bytes.replaceSubrange(0..<2, with: [22, 3]) }
            if round % 9 == 0, bytes.count > 5 { bytes[5] = 1 }
            let pair = try MemoryPair(server: context)
            pair.fragment = Int.random(in: 1...64, using: &random)
            _ = pair.deliverInHandshake(bytes)
            pair.server.inputEnded()
            guard case .failed(let fault) = pair.server.handshake() else {
                Issue.record("the handshake still waits after the end of \(bytes)")
                continue
            }
            #expect(fault.cause != .internalError, "\(fault.detail): \(bytes)")
        }
    }

    @Test func `a real ClientHello with random damage ends with a cause`() throws {
        var random = SystemRandomNumberGenerator()
        let context = try MemoryServer.context(MemoryServer.settings(alpn: ["http/1.1"]))
        var options = MemoryClient.Options(serverName: "a.test")
        options.alpn = ["http/1.1"]
        let client = try MemoryClient(options)
        try client.handshake()
        let hello = client.takeOutput()
        for _ in 0..<3000 {
            var damaged = hello
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                damaged[Int.random(in: 5..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            let pair = try MemoryPair(server: context)
            _ = pair.deliverInHandshake(damaged)
            pair.server.inputEnded()
            guard case .failed(let fault) = pair.server.handshake() else {
                Issue.record("the handshake still waits after the end")
                continue
            }
            #expect(fault.cause != .internalError, "\(fault.detail)")
        }
    }
}
