import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// The thread's error queue: no call leaves anything in it, and no call is misled by what others left.
@Suite struct ErrorQueueTests {
    /// Looks at every step of a connection.
    private struct Steps {
        /// What other code left on the thread before each step.
        let isDirty: Bool

        func callAsFunction<Result>(_ step: String, _ call: () throws -> Result) rethrows -> Result {
            ErrorQueue.clear()
            if isDirty { MemoryErrors.leaveSome() }
            defer {
                // What was there before is the step's to clear or to leave; it adds nothing.
                let added = ErrorQueue.drain().filter { !isDirty || !$0.text.contains("asn1") }
                #expect(added.isEmpty, "\(step) left \(added)")
            }
            return try call()
        }
    }

    @Test(arguments: [true, false], [TLSVersion.tls1_2, .tls1_3])
    func `a connection from its first byte to its end`(_ isDirty: Bool, _ version: TLSVersion) throws {
        let steps = Steps(isDirty: isDirty)
        let context = try steps("a context") { try MemoryServer.context() }
        var options = MemoryClient.Options(serverName: "a.test")
        options.maximumVersion = version
        let pair = try steps("a connection") { try MemoryPair(server: context, client: options) }
        var progress = HandshakeProgress.wantsInput
        while progress == .wantsInput {
            try pair.client.handshake()
            for byte in pair.client.takeOutput() {
                progress = steps("handshake") { pair.deliverInHandshake([byte]) }
            }
            pair.toClient()
        }
        #expect(progress == .done)
        #expect(steps("summary") { pair.server.summary.version } == version)
        try pair.client.handshake()
        _ = try pair.client.read()
        try pair.client.write([1, 2, 3])
        let ciphertext = pair.client.takeOutput()
        var plaintext: [UInt8] = []
        for byte in ciphertext {
            let read = steps("read") { pair.serverReads([byte]) }
            #expect(read.progress == .wantsInput)
            plaintext += read.bytes
        }
        #expect(plaintext == [1, 2, 3])
        #expect(steps("write") { pair.serverWrites([4]) } == .done)
        #expect(try pair.client.read() == [4])
        #expect(steps("truncation") { pair.serverReads([], andEnd: true).progress } == .truncated)
        steps("sendCloseNotify") { pair.server.sendCloseNotify() }
        steps("abandon") { pair.server.markShutdown() }
        steps("close") { pair.server.close() }
        pair.toClient()
        #expect(try pair.client.read()?.isEmpty == true)
        #expect(pair.client.hasReceivedShutdown)
    }

    @Test(arguments: [true, false])
    func `a handshake that fails has its own cause`(_ isDirty: Bool) throws {
        let steps = Steps(isDirty: isDirty)
        let context = try MemoryServer.context(MemoryServer.settings(alpn: ["h2"], rejectsUnknownNames: true))
        let expected: [(HandshakeFailure, (inout MemoryClient.Options) -> Void)] = [
            (.unsupportedVersion, { $0.maximumVersion = .tls1_1 }),
            (.noSharedGroup, { $0.groups = "X448" }),
            (.noSharedApplicationProtocol, { $0.alpn = ["smtp"] }),
            (.unknownName, { $0.serverName = "else.test" }),
        ]
        for (cause, configure) in expected {
            var options = MemoryClient.Options(serverName: "a.test")
            configure(&options)
            let pair = try MemoryPair(server: context, client: options)
            try pair.client.handshake()
            let hello = pair.client.takeOutput()
            guard case .failed(let fault) = steps("\(cause)", { pair.deliverInHandshake(hello) }) else {
                Issue.record("\(cause) did not fail")
                continue
            }
            #expect(fault.cause == cause)
            #expect(!fault.errors.contains { $0.text.contains("asn1") }, "\(fault.errors)")
            steps("close") { pair.server.close() }
        }
        let gone = try MemoryPair(server: context)
        try gone.client.handshake()
        #expect(gone.deliverInHandshake(gone.client.takeOutput()) == .wantsInput)
        gone.server.inputEnded()
        guard case .failed(let fault) = steps("the end", { gone.server.handshake() }) else {
            Issue.record("the end went unnoticed")
            return
        }
        #expect(fault.cause == .truncated)
    }

    @Test(arguments: [true, false])
    func `a broken connection is broken by its own alert`(_ isDirty: Bool) throws {
        let steps = Steps(isDirty: isDirty)
        let pair = try MemoryPair(server: MemoryServer.context(), client: .init(serverName: "a.test"))
        #expect(pair.handshake() == .done)
        try pair.client.write([1])
        var record = pair.client.takeOutput()
        record[record.count - 1] ^= 1
        guard case .failed(.alertSent(let alert, let errors)) = steps("read", { pair.serverReads(record).progress })
        else {
            Issue.record("the damage went unnoticed")
            return
        }
        #expect(alert.name == "bad_record_mac")
        #expect(!errors.contains { $0.text.contains("asn1") })
        #expect(steps("a write behind it") { pair.serverWrites([1]) } == .failed(.alertSent(alert, errors)))
        steps("close") { pair.server.close() }
    }

    @Test(arguments: [true, false])
    func `certificates, settings and contexts`(_ isDirty: Bool) throws {
        let steps = Steps(isDirty: isDirty)
        let made = try steps("making") {
            try SelfSigned.make(
                names: ["a.test"], validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        }
        let certificate = try steps("loading") {
            try ServerCertificate(chainPEM: made.chainPEM, keyPEM: made.keyPEM)
        }
        #expect(steps("warnings") { certificate.warnings(at: MemoryServer.now) }.isEmpty)
        let noise = Array("noise".utf8)
        #expect(throws: CertificateError.notPEM(.chain)) {
            try steps("noise") { try ServerCertificate(chainPEM: noise, keyPEM: made.keyPEM) }
        }
        #expect(throws: StapleError.notOCSP) { try steps("a staple") { try certificate.staple.replace(der: noise) } }
        #expect(steps("faults") { TLSSettings.intermediate.faults() }.isEmpty)
        let host = MemoryServer.host("a.test", certificates: [certificate])
        _ = try steps("a context") { try MemoryServer.context(hosts: [host]) }
    }
}
