import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Every failed handshake has one cause from the closed list, and the alert that the RFCs ask for.
@Suite struct FaultTests {
    private func fault(
        _ settings: ListenerTLSSettings = MemoryServer.settings(), _ configure: (inout MemoryClient.Options) -> Void
    ) throws -> HandshakeFault? {
        var options = MemoryClient.Options(serverName: "a.test")
        configure(&options)
        let pair = try MemoryPair(server: MemoryServer.context(settings), client: options)
        guard case .failed(let fault) = pair.handshake() else { return nil }
        // A failure stays one, and leaves nothing behind for the next connection of the thread.
        #expect(pair.server.handshake() == .failed(fault))
        #expect(!pair.server.isHandshakeDone)
        #expect(ErrorQueue.drain().isEmpty)
        return fault
    }

    @Test(arguments: [TLSVersion.tls1_0, .tls1_1])
    func `a client that is too old is refused for its version`(_ version: TLSVersion) throws {
        let fault = try fault { $0.maximumVersion = version }
        #expect(fault?.cause == .unsupportedVersion)
        #expect(fault?.alertSent == .protocolVersion)
    }

    @Test func `a TLS 1 2 client is refused by the modern profile`() throws {
        let fault = try fault(MemoryServer.settings(.modern)) { $0.maximumVersion = .tls1_2 }
        #expect(fault?.cause == .unsupportedVersion)
    }

    @Test func `a client without a cipher of ours is refused for its ciphers`() throws {
        let fault = try fault {
            $0.maximumVersion = .tls1_2
            $0.ciphers = "ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"
        }
        #expect(fault?.cause == .noSharedCipher)
        #expect(fault?.alertSent == .handshakeFailure)
    }

    @Test func `a client that only knows RSA is refused by an ECDSA certificate`() throws {
        let fault = try fault {
            $0.maximumVersion = .tls1_2
            $0.ciphers = "ECDHE-RSA-AES128-GCM-SHA256"
        }
        #expect(fault?.cause == .noSharedCipher)
    }

    @Test func `a client without a group of ours is refused for its groups`() throws {
        let fault = try fault { $0.groups = "X448" }
        #expect(fault?.cause == .noSharedGroup)
        #expect(fault?.alertSent == .handshakeFailure)
    }

    @Test func `a client that cannot verify our signatures is refused for that`() throws {
        let fault = try fault {
            $0.minimumVersion = .tls1_3
            $0.signatureAlgorithms = "rsa_pss_rsae_sha256"
        }
        #expect(fault?.cause == .noSharedSignatureAlgorithm)
    }

    @Test func `a client without a protocol of ours is refused for that`() throws {
        let fault = try fault(MemoryServer.settings(alpn: ["h2", "http/1.1"])) { $0.alpn = ["smtp"] }
        #expect(fault?.cause == .noSharedApplicationProtocol)
        #expect(fault?.alertSent?.name == "no_application_protocol")
    }

    @Test func `a fallback that was not needed is refused`() throws {
        let fault = try fault {
            $0.maximumVersion = .tls1_2
            $0.isFallback = true
        }
        #expect(fault?.cause == .inappropriateFallback)
        #expect(fault?.alertSent?.name == "inappropriate_fallback")
    }

    @Test func `a client that does not trust us tells so, and is believed`() throws {
        let other = try CertificateAuthority(
            name: "Other", validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        var options = MemoryClient.Options(serverName: "a.test")
        options.trusts = other.certificatePEM
        let pair = try MemoryPair(server: MemoryServer.context(), client: options)
        let first = pair.handshake()
        // The alert answers our Finished; it is the next thing the client says.
        let last = first == .wantsInput ? pair.deliverInHandshake(pair.client.takeOutput()) : first
        guard case .failed(let fault) = last else {
            Issue.record("the handshake went on: \(last)")
            return
        }
        #expect(fault.cause == .alertReceived(TLSAlert(code: 48)) || fault.cause == .alertReceived(TLSAlert(code: 42)))
        #expect(fault.alertSent == nil)
    }

    @Test func `a stream that ends in the handshake is a client that went away`() throws {
        let pair = try MemoryPair(server: MemoryServer.context())
        try pair.client.handshake()
        let hello = pair.client.takeOutput()
        for count in [0, 1, 3, 5, 40, hello.count - 1, hello.count] {
            let pair = try MemoryPair(server: MemoryServer.context())
            #expect(pair.deliverInHandshake(Array(hello.prefix(count))) == .wantsInput)
            pair.server.inputEnded()
            guard case .failed(let fault) = pair.server.handshake() else {
                Issue.record("after \(count) bytes the end went unnoticed")
                continue
            }
            #expect(fault.cause == .truncated, "after \(count) bytes")
        }
    }

    @Test func `a close_notify in the handshake is the client's own ending`() throws {
        var options = MemoryClient.Options(serverName: "a.test")
        options.maximumVersion = .tls1_2
        let pair = try MemoryPair(server: MemoryServer.context(), client: options)
        try pair.client.handshake()
        #expect(pair.deliverInHandshake(pair.client.takeOutput()) == .wantsInput)
        guard case .failed(let fault) = pair.deliverInHandshake([21, 3, 3, 0, 2, 1, 0]) else {
            Issue.record("it went on")
            return
        }
        #expect(fault.cause == .alertReceived(.closeNotify))
    }

    @Test func `a damaged Finished is a bad record`() throws {
        let pair = try MemoryPair(server: MemoryServer.context(), client: .init(serverName: "a.test"))
        try pair.client.handshake()
        _ = pair.deliverInHandshake(pair.client.takeOutput())
        pair.toClient()
        try pair.client.handshake()
        var finished = pair.client.takeOutput()
        finished[finished.count - 1] ^= 1
        guard case .failed(let fault) = pair.deliverInHandshake(finished) else {
            Issue.record("it went on")
            return
        }
        #expect(fault.cause == .badRecord)
        #expect(fault.alertSent?.name == "bad_record_mac")
    }

    @Test func `application data in place of a ClientHello is unexpected`() throws {
        let pair = try MemoryPair(server: MemoryServer.context())
        guard case .failed(let fault) = pair.deliverInHandshake([23, 3, 3, 0, 1, 0x41]) else {
            Issue.record("it went on")
            return
        }
        #expect(fault.cause == .unexpectedMessage)
        #expect(fault.alertSent == .unexpectedMessage)
    }
}
