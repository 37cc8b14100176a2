import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@Suite struct HandshakeTests {
    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `a client of each version completes a handshake, and bytes go both ways`(_ version: TLSVersion) throws {
        var options = MemoryClient.Options(serverName: "a.test")
        options.maximumVersion = version
        let pair = try MemoryPair(server: MemoryServer.context(), client: options)
        #expect(pair.handshake() == .done)
        #expect(pair.server.isHandshakeDone)
        try pair.client.write(Array("request".utf8))
        let read = pair.serverReads()
        #expect(read.bytes == Array("request".utf8))
        #expect(read.progress == .wantsInput)
        #expect(pair.serverWrites(Array("answer".utf8)) == .done)
        #expect(try pair.client.read() == Array("answer".utf8))
        let summary = pair.server.summary
        #expect(summary.version == version)
        #expect(summary.serverName == "a.test")
        #expect(summary.hostID == "a.test")
        // The hybrid group is the first in the profile, where libssl has it, and TLS 1.2 knows none.
        let isHybrid = version == .tls1_3 && TLSSettings.intermediate.groups.hasPrefix("X25519MLKEM768")
        #expect(summary.group == (isHybrid ? "X25519MLKEM768" : "X25519"))
        #expect(summary.groupClass == (isHybrid ? .hybrid : .classical))
        #expect(summary.cipher == pair.client.cipher)
        #expect(summary.resumed == .no)
        #expect(pair.client.compressionIsOff)
    }
}
