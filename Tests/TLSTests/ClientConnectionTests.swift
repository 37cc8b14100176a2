import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// The client role against the server role, both ours, byte by byte in memory.
@Suite struct ClientConnectionTests {
    private func authority() throws -> CertificateAuthority {
        try CertificateAuthority(
            name: "Root", validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
    }

    private static func settings(_ version: TLSVersion = .tls1_3, trusts: [UInt8]? = nil) throws -> ClientSettings {
        var tls = TLSSettings.intermediate
        tls.maximumVersion = version
        return ClientSettings(
            tls: tls, trust: try trusts.map { .checked(try ServerTrust(authoritiesPEM: $0)) } ?? .anybody)
    }

    private static func established(_ version: TLSVersion) throws -> Joined {
        let joined = try Joined(MemoryServer.context(), ClientContext(settings(version)))
        let (client, server) = joined.handshake()
        #expect(client == .done && server == .done)
        return joined
    }

    private func verifying(_ name: String) throws -> Joined {
        let root = try authority()
        let made = try SelfSigned.make(
            names: ["a.test"], validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil, issuedBy: root)
        let certificate = try ServerCertificate(chainPEM: made.chainPEM, keyPEM: made.keyPEM)
        let listener = try MemoryServer.context(hosts: [MemoryServer.host("a.test", certificates: [certificate])])
        let context = try ClientContext(Self.settings(trusts: root.certificatePEM))
        return try Joined(listener, context, name: name)
    }

    @Test func `what was verified ends with the first of its certificates, and where nothing was, never`() throws {
        let joined = try verifying("a.test")
        #expect(joined.handshake().client == .done)
        #expect(joined.client.trustEnds(at: MemoryServer.validFrom) == MemoryServer.validUntil)
        let trusting = try Self.established(.tls1_3)
        #expect(trusting.client.trustEnds(at: MemoryServer.validFrom) == .distantFuture)
    }

    @Test func `a server is accepted by an authority and its name`() throws {
        let joined = try verifying("a.test")
        let (client, server) = joined.handshake()
        #expect(client == .done && server == .done)
        #expect(joined.client.summary.version == .tls1_3)
        #expect(joined.client.summary.serverName == "a.test")
    }

    @Test func `a server of another name is refused, and both ends say whose fault it is`() throws {
        let joined = try verifying("b.test")
        let (client, server) = joined.handshake()
        guard case .failed(let fault) = client, case .failed(let refused) = server else {
            Issue.record("it came to \(client) and \(server)")
            return
        }
        #expect(fault.cause == .otherCertificateName)
        #expect(fault.alertSent?.name == "bad_certificate")
        #expect(fault.detail.contains("the server's certificate") && fault.detail.contains("mismatch"), "\(fault)")
        #expect(refused.cause == .alertReceived(TLSAlert(code: 42)))
        #expect(refused.detail == "the client sent bad_certificate")
    }

    @Test func `a server of another authority is refused`() throws {
        let root = try authority()
        let joined = try Joined(
            MemoryServer.context(), ClientContext(Self.settings(trusts: root.certificatePEM)))
        guard case .failed(let fault) = joined.handshake().client else {
            Issue.record("it was accepted")
            return
        }
        #expect(fault.cause == .unknownAuthority)
    }

    @Test func `what cannot be verified is not begun`() throws {
        let root = try authority()
        let context = try ClientContext(Self.settings(trusts: root.certificatePEM))
        let output = OutputBuffer()
        #expect(throws: ClientError.noServerName) {
            try ClientConnection(context: context, output: output, names: .init(asked: nil))
        }
        for name in ["", "a\0b.test", String(repeating: "a", count: 256)] {
            #expect(throws: ClientError.badServerName(name)) {
                try ClientConnection(context: context, output: output, names: .init(asked: name))
            }
        }
        #expect(ErrorQueue.drain().isEmpty)
    }

    @Test func `settings that libssl does not take are named`() throws {
        var settings = try Self.settings()
        settings.tls.groups = "X25519:nonsense"
        #expect { try ClientContext(settings) } throws: { error in
            // libssl 3.5 refuses the list without a reason.
            if case ClientError.context(.settingRefused(.groups, _)) = error { true } else { false }
        }
        settings = try Self.settings()
        settings.alpn = [""]
        #expect(throws: ClientError.context(.badApplicationProtocol(""))) { try ClientContext(settings) }
        #expect(throws: ClientAuthenticationError.authorities(.notPEM(.authorities))) {
            try Self.settings(trusts: Array("noise".utf8))
        }
        #expect(ErrorQueue.drain().isEmpty)
    }

    @Test func `an alert of the server is the server's`() throws {
        let listener = try MemoryServer.context(MemoryServer.settings(rejectsUnknownNames: true))
        let joined = try Joined(listener, ClientContext(Self.settings()), name: "else.test")
        guard case .failed(let fault) = joined.handshake().client else {
            Issue.record("the name was taken")
            return
        }
        #expect(fault.cause == .alertReceived(.unrecognizedName))
        #expect(fault.detail == "the server sent unrecognized_name")
    }

    @Test func `sessions of TLS 1 3 come behind the handshake, each of them resumes, and the peers agree`() throws {
        let listener = try MemoryServer.context(MemoryServer.settings(ticketsFull: 2))
        let context = try ClientContext(Self.settings())
        let first = try Joined(listener, context)
        #expect(first.client.handshake() == .wantsInput)
        first.serverTakes { _ = first.server.handshake() }
        first.clientTakes()
        #expect(first.client.handshake() == .done)
        #expect(first.given.isEmpty)
        first.serverTakes { #expect(first.server.handshake() == .done) }
        first.clientTakes()
        #expect(first.clientReads() == .wantsInput)
        #expect(first.given.count == 2)
        for session in first.given {
            let again = try Joined(listener, context, resuming: session)
            #expect(again.handshake().server == .done)
            #expect(again.server.summary.resumed == .psk && again.client.summary.resumed == .psk)
        }
    }

    @Test func `a session of TLS 1 2 comes with the handshake and resumes`() throws {
        let (listener, context) = (try MemoryServer.context(), try ClientContext(Self.settings(.tls1_2)))
        let first = try Joined(listener, context)
        #expect(first.handshake().server == .done)
        #expect(first.given.count == 1)
        let session = try #require(first.given.first)
        let again = try Joined(listener, context, resuming: session)
        #expect(again.handshake().server == .done)
        #expect(again.server.summary.resumed == .ticket && again.client.summary.resumed == .ticket)
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `plaintext goes both ways, and a close_notify ends it in order`(_ version: TLSVersion) throws {
        let joined = try Self.established(version)
        #expect(joined.client.stream.write([UInt8]([1, 2, 3]).span.bytes) == .done)
        #expect(joined.serverReads() == .bytes(3))
        joined.server.sendCloseNotify()
        joined.clientTakes()
        // The end is known before the close_notify is read, as it is when both come at once.
        joined.client.stream.inputEnded()
        #expect(joined.clientReads() == .closeNotify)
        joined.client.stream.sendCloseNotify()
        #expect(joined.serverReads() == .closeNotify)
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `a bare end is a truncation`(_ version: TLSVersion) throws {
        let joined = try Self.established(version)
        #expect(joined.clientReads() == .wantsInput)
        joined.client.stream.inputEnded()
        for _ in 0..<2 { #expect(joined.clientReads() == .truncated) }
        #expect(!joined.client.stream.hasReceivedCloseNotify)
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `a damaged record ends both by its alert, each in its own words`(_ version: TLSVersion) throws {
        let joined = try Self.established(version)
        #expect(joined.clientReads() == .wantsInput)
        #expect(joined.server.write([7].span.bytes) == .done)
        var record = joined.toClient.withBytes { $0.array }
        joined.toClient.removeAll()
        record[record.count - 1] ^= 1
        record.withUnsafeBytes {
            joined.client.stream.lend($0)
            joined.client.stream.endTurn()
        }
        guard case .failed(.alertSent(let alert, _)) = joined.clientReads() else {
            Issue.record("the damage went unnoticed")
            return
        }
        #expect(alert == .badRecordMAC)
        let fault = ConnectionFault.alertReceived(.badRecordMAC, from: .client)
        #expect(joined.serverReads() == .failed(fault))
        #expect(fault.description == "the client sent bad_record_mac")
    }

    @Test(arguments: [true, false], [TLSVersion.tls1_2, .tls1_3])
    func `no call leaves anything in the error queue, or is misled by what was there`(
        _ isDirty: Bool, _ version: TLSVersion
    ) throws {
        func step<Result>(_ name: String, _ call: () throws -> Result) rethrows -> Result {
            ErrorQueue.clear()
            if isDirty { MemoryErrors.leaveSome() }
            defer {
                // What was there before is the step's to clear or to leave; it adds nothing.
                let added = ErrorQueue.drain().filter { !isDirty || !$0.text.contains("asn1") }
                #expect(added.isEmpty, "\(name) left \(added)")
            }
            return try call()
        }
        let context = try step("a context") { try ClientContext(Self.settings(version)) }
        let joined = try step("a connection") { try Joined(MemoryServer.context(), context) }
        var progress = step("the first flight") { joined.client.handshake() }
        while progress == .wantsInput {
            joined.serverTakes { _ = joined.server.handshake() }
            joined.clientTakes()
            progress = step("handshake") { joined.client.handshake() }
        }
        #expect(progress == .done)
        joined.serverTakes { _ = joined.server.handshake() }
        joined.clientTakes()
        #expect(step("read") { joined.clientReads() } == .wantsInput)
        #expect(step("write") { joined.client.stream.write([1].span.bytes) } == .done)
        joined.client.stream.inputEnded()
        #expect(step("truncation") { joined.clientReads() } == .truncated)
        step("close_notify") { joined.client.stream.sendCloseNotify() }
        step("close") { joined.client.stream.close() }
    }
}
