import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Calls and bytes that come when a connection, or one side of it, is over.
@Suite struct AfterTheEndTests {
    private func established(_ version: TLSVersion) throws -> MemoryPair {
        var options = MemoryClient.Options(serverName: "a.test")
        options.maximumVersion = version
        let pair = try MemoryPair(server: MemoryServer.context(), client: options)
        #expect(pair.handshake() == .done)
        return pair
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `what a client sends behind its close_notify is passed over`(_ version: TLSVersion) throws {
        let pair = try established(version)
        try pair.client.write([1])
        let data = pair.client.takeOutput()
        pair.client.sendCloseNotify()
        let closing = pair.client.takeOutput()
        let read = pair.serverReads(data + closing + data)
        #expect(read.bytes == [1])
        #expect(read.progress == .closeNotify)
        #expect(pair.serverReads(Array("noise".utf8), andEnd: true).progress == .closeNotify)
        #expect(pair.serverWrites([2]) == .done)
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `an ending is brought again by each further read`(_ version: TLSVersion) throws {
        let cut = try established(version)
        for _ in 0..<3 { #expect(cut.serverReads([], andEnd: true).progress == .truncated) }
        let orderly = try established(version)
        orderly.client.sendCloseNotify()
        _ = orderly.serverReads()
        for _ in 0..<3 { #expect(orderly.serverReads([], andEnd: true).progress == .closeNotify) }
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `after our close_notify the client's data still comes, and ours no longer goes`(
        _ version: TLSVersion
    ) throws {
        let pair = try established(version)
        pair.server.sendCloseNotify()
        _ = pair.takeOutput()
        try pair.client.write([1, 2])
        let read = pair.serverReads()
        #expect(read.bytes == [1, 2])
        #expect(read.progress == .wantsInput)
        guard case .failed = pair.serverWrites([3]) else {
            Issue.record("bytes went out behind our close_notify")
            return
        }
        #expect(pair.takeOutput().isEmpty)
    }

    @Test func `a connection that was abandoned or closed only fails`() throws {
        for closes in [false, true] {
            let pair = try established(.tls1_3)
            _ = pair.takeOutput()
            pair.server.markShutdown()
            if closes { pair.server.close() }
            guard case .failed = pair.serverWrites([1]) else {
                Issue.record("a write went through")
                return
            }
            pair.server.sendCloseNotify()
            pair.server.markShutdown()
            pair.server.close()
            pair.server.close()
            guard case .failed = pair.serverReads([23, 3, 3, 0, 1, 0]).progress else {
                Issue.record("a read went through")
                return
            }
            #expect(pair.output.isEmpty)
            #expect(pair.server.isHandshakeDone)
            #expect(pair.server.summary.version == .tls1_3)
        }
    }

    @Test func `a handshake that was given up can be closed at every stage`() throws {
        let client = try MemoryClient(.init(serverName: "a.test"))
        try client.handshake()
        let hello = client.takeOutput()
        for count in [0, 1, 5, 100, hello.count] {
            for orderly in [true, false] {
                let pair = try MemoryPair(server: MemoryServer.context())
                _ = pair.deliverInHandshake(Array(hello.prefix(count)))
                _ = pair.takeOutput()
                if orderly { pair.server.sendCloseNotify() } else { pair.server.markShutdown() }
                #expect(pair.output.isEmpty)
                pair.server.close()
                #expect(!pair.server.isHandshakeDone)
                guard case .failed = pair.serverWrites([1]) else {
                    Issue.record("a write went through")
                    return
                }
            }
        }
    }

    @Test func `plaintext is neither written nor read before the handshake is done`() throws {
        let pair = try MemoryPair(server: MemoryServer.context(), client: .init(serverName: "a.test"))
        var buffer: [UInt8] = [0]
        let progress = buffer.withUnsafeMutableBytes { pair.server.read(into: $0) }
        guard case .failed = pair.serverWrites([1]), case .failed = progress else {
            Issue.record("it was")
            return
        }
        // Asking too early spoils nothing.
        #expect(pair.handshake() == .done)
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `a megabyte is taken whole, and nothing at all is nothing`(_ version: TLSVersion) throws {
        let pair = try established(version)
        _ = pair.takeOutput()
        #expect(pair.serverWrites([]) == .done)
        #expect(pair.takeOutput().isEmpty)
        let sent = (0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        #expect(pair.serverWrites(sent) == .done)
        var received: [UInt8] = []
        while let more = try pair.client.read(), !more.isEmpty { received += more }
        #expect(received == sent)
    }

    @Test func `a flood of records that bring nothing is cut off`() throws {
        let pair = try MemoryPair(server: MemoryServer.context())
        try pair.client.handshake()
        #expect(pair.deliverInHandshake(pair.client.takeOutput()) == .wantsInput)
        // Warnings in the clear, user_canceled: libssl takes a few.
        let warning: [UInt8] = [21, 3, 3, 0, 2, 1, 90]
        guard case .failed(let fault) = pair.deliverInHandshake((0..<100).flatMap { _ in warning }) else {
            Issue.record("a hundred warnings were taken")
            return
        }
        #expect(fault.cause != .internalError, "\(fault)")
    }
}
