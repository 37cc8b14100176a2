import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// ClientHellos of every size and in every cut: what is legal is answered, and what is not is not waited for.
@Suite struct LargeHelloTests {
    private func pair(_ extensionBytes: Int, _ version: TLSVersion = .tls1_3) throws -> MemoryPair {
        var options = MemoryClient.Options(serverName: "a.test")
        options.maximumVersion = version
        options.unknownExtensionBytes = extensionBytes
        return try MemoryPair(server: MemoryServer.context(), client: options)
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `a ClientHello of 30,000 bytes is answered like any other`(_ version: TLSVersion) throws {
        for fragment in [1, 1448, Int.max] {
            let pair = try pair(30_000, version)
            pair.fragment = fragment
            try pair.client.handshake()
            let hello = pair.client.takeOutput()
            #expect(hello.count > 30_000)
            #expect(pair.deliverInHandshake(hello) == .wantsInput)
            pair.toClient()
            #expect(pair.handshake() == .done)
            #expect(pair.server.summary.version == version)
            #expect(pair.server.summary.hostID == "a.test")
        }
    }

    @Test func `a ClientHello padded to 32 KiB is answered`() throws {
        let padding = [UInt8](repeating: 0, count: 32_500)
        let pair = try MemoryPair(server: MemoryServer.context())
        #expect(pair.deliverInHandshake(MemoryHello(adding: [(21, padding)]).records) == .wantsInput)
        #expect(pair.takeOutput().first == 22)
    }

    @Test func `a ClientHello in records of one byte each is answered`() throws {
        for fragment in [1, Int.max] {
            var hello = MemoryHello.tls1_3(
                share: [UInt8](repeating: 9, count: 32),
                adding: [(0, MemoryHello.serverName(Array("a.test".utf8)))])
            hello.recordBytes = 1
            let pair = try MemoryPair(server: MemoryServer.context())
            pair.fragment = fragment
            #expect(pair.deliverInHandshake(hello.records) == .wantsInput)
            #expect(pair.server.summary.hostID == "a.test")
            // A ServerHello in a handshake record.
            #expect(pair.takeOutput().first == 22)
        }
    }

    @Test func `a ClientHello longer than any legal one is refused by its length alone`() throws {
        // 128 KiB and a bit is libssl's bound: three vectors of 64 KiB cannot all be used.
        let pair = try MemoryPair(server: MemoryServer.context())
        guard case .failed(let fault) = pair.deliverInHandshake([22, 3, 1, 0, 4, 1, 0x02, 0x01, 0x45]) else {
            Issue.record("a hello of 131,397 bytes was waited for")
            return
        }
        #expect(fault.cause == .malformed)
        #expect(fault.alertSent == TLSAlert(code: 47))
    }

    @Test func `a record longer than any legal one is refused by its length alone`() throws {
        let pair = try MemoryPair(server: MemoryServer.context())
        guard case .failed(let fault) = pair.deliverInHandshake([22, 3, 1, 0x48, 0x01, 1]) else {
            Issue.record("a record of 18,433 bytes was waited for")
            return
        }
        #expect(fault.cause == .malformed)
    }

    @Test func `compression is not chosen, even where a client prefers it`() throws {
        var hello = MemoryHello(adding: [(0, MemoryHello.serverName(Array("a.test".utf8)))])
        hello.compressions = [1, 0]
        let pair = try MemoryPair(server: MemoryServer.context())
        #expect(pair.deliverInHandshake(hello.records) == .wantsInput)
        let answer = pair.takeOutput()
        // Record header 5, message header 4, version 2, random 32; then the session id, the cipher, the compression.
        let idBytes = Int(answer[43])
        #expect(answer[5] == 2)
        #expect(answer[43 + 1 + idBytes + 2] == 0)
    }

    @Test func `a client that offers compression alone is malformed`() throws {
        var hello = MemoryHello()
        hello.compressions = [1]
        let pair = try MemoryPair(server: MemoryServer.context())
        guard case .failed(let fault) = pair.deliverInHandshake(hello.records) else {
            Issue.record("it went on")
            return
        }
        #expect(fault.cause == .malformed)
    }
}
