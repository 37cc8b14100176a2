import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// The causes that hand-made hellos and the older version lead to, each with what is told to the client.
@Suite struct CauseTests {
    private func fault(
        of bytes: [UInt8], _ settings: ListenerTLSSettings = MemoryServer.settings()
    ) throws -> (fault: HandshakeFault, sent: [UInt8])? {
        let pair = try MemoryPair(server: MemoryServer.context(settings))
        guard case .failed(let fault) = pair.deliverInHandshake(bytes) else { return nil }
        #expect(ErrorQueue.drain().isEmpty)
        return (fault, pair.takeOutput())
    }

    /// The alert record in the clear that a refusal should send.
    private func isAlert(_ code: UInt8, _ sent: [UInt8]) -> Bool {
        sent.count == 7 && sent[0] == 21 && Array(sent[3...]) == [0, 2, 2, code]
    }

    @Test(arguments: [0x0301, 0x0302] as [UInt16])
    func `a hello of TLS 1 0 or 1 1 is told protocol_version`(_ version: UInt16) throws {
        var hello = MemoryHello()
        hello.version = version
        let (fault, sent) = try #require(try fault(of: hello.records))
        #expect(fault.cause == .unsupportedVersion)
        #expect(isAlert(70, sent))
    }

    @Test func `a list of versions without one of ours is told protocol_version`() throws {
        // What the list says counts, whatever the legacy field says (RFC 8446 §4.2.1): here a GREASE value and 1.1.
        let hello = MemoryHello(adding: [(43, [4, 0x7a, 0x7a, 3, 2])])
        let (fault, sent) = try #require(try fault(of: hello.records))
        #expect(fault.cause == .unsupportedVersion)
        #expect(isAlert(70, sent))
    }

    @Test func `versions and ciphers that nobody knows are passed over`() throws {
        var hello = MemoryHello.tls1_3(share: [UInt8](repeating: 9, count: 32))
        hello.ciphers = [0x0a0a, 0x1301, 0x00ff]
        let place = try #require(hello.extensions.firstIndex { $0.type == 43 })
        hello.extensions[place].body = [6, 0x7a, 0x7a, 3, 5, 3, 4]
        hello.extensions.append((0x2a2a, [0]))
        let pair = try MemoryPair(server: MemoryServer.context())
        #expect(pair.deliverInHandshake(hello.records) == .wantsInput)
    }

    @Test func `a TLS 1 2 hello without our ciphers, or without our groups, shares no cipher`() throws {
        var strange = MemoryHello()
        strange.ciphers = [0x002f, 0x1303]
        // A TLS 1.2 cipher of ours includes the key exchange, so without a group there is no such cipher.
        var groupless = MemoryHello()
        groupless.extensions[0].body = [0, 2, 0, 30]
        for hello in [strange, groupless] {
            let (fault, sent) = try #require(try fault(of: hello.records))
            #expect(fault.cause == .noSharedCipher)
            #expect(isAlert(40, sent))
        }
    }

    @Test func `a TLS 1 3 hello without our groups shares no group`() throws {
        var hello = MemoryHello.tls1_3(share: nil)
        hello.extensions[0].body = [0, 2, 0, 30]
        let (fault, sent) = try #require(try fault(of: hello.records))
        #expect(fault.cause == .noSharedGroup)
        #expect(isAlert(40, sent))
    }

    @Test func `a TLS 1 3 hello without our signatures shares none`() throws {
        var hello = MemoryHello.tls1_3(share: [UInt8](repeating: 9, count: 32))
        hello.extensions[2].body = [0, 2, 8, 4]
        let (fault, sent) = try #require(try fault(of: hello.records))
        #expect(fault.cause == .noSharedSignatureAlgorithm)
        #expect(isAlert(40, sent))
    }

    @Test func `a TLS 1 3 hello that lacks what the version needs is malformed`() throws {
        for missing in [10, 13] as [UInt16] {
            var hello = MemoryHello.tls1_3(share: [UInt8](repeating: 9, count: 32))
            hello.extensions.removeAll { $0.type == missing }
            let (fault, sent) = try #require(try fault(of: hello.records), "extension \(missing)")
            #expect(fault.cause == .malformed, "extension \(missing): \(fault)")
            #expect(isAlert(109, sent), "extension \(missing)")
        }
    }

    @Test(arguments: [
        ("a share of the wrong length", [UInt8](repeating: 9, count: 31)),
        ("a share that is no point", [UInt8](repeating: 0, count: 32)),
    ])
    func `a key share that is none is malformed`(_ what: String, _ share: [UInt8]) throws {
        let (fault, _) = try #require(try fault(of: MemoryHello.tls1_3(share: share).records), "\(what)")
        // Until 3.0.13 (seen), and in 3.4.1, libssl takes a point that leads nowhere for a fault of its own.
        let isOwn = "\(fault.cause)" == "internal_error" && share.count == 32 && LibraryVersion.isOld
        #expect(fault.cause == .malformed || isOwn, "\(what): \(fault)")
    }

    @Test func `a malformed extension wins over a version that is refused as well`() throws {
        var hello = MemoryHello(adding: [(0, [0, 0])])
        hello.version = 0x0301
        let (fault, _) = try #require(try fault(of: hello.records))
        #expect([.malformed, .unsupportedVersion].contains(fault.cause))
    }

    @Test(
        arguments: [
            (40, "handshake_failure"), (42, "bad_certificate"), (45, "certificate_expired"),
            (46, "certificate_unknown"),
            (48, "unknown_ca"), (70, "protocol_version"), (80, "internal_error"), (112, "unrecognized_name"),
            (120, "no_application_protocol"), (200, "alert_200"),
        ] as [(UInt8, String)])
    func `a fatal alert of the client is the cause, by its name`(_ code: UInt8, _ name: String) throws {
        let pair = try MemoryPair(server: MemoryServer.context())
        #expect(pair.deliverInHandshake(MemoryHello().records) == .wantsInput)
        _ = pair.takeOutput()
        guard case .failed(let fault) = pair.deliverInHandshake([21, 3, 3, 0, 2, 2, code]) else {
            Issue.record("it went on")
            return
        }
        #expect(fault.cause == .alertReceived(TLSAlert(code: code)))
        #expect(fault.cause.description == "alert_received(\(name))")
        #expect(fault.alertSent == nil)
        #expect(pair.output.isEmpty)
    }

    @Test func `an alert as the first bytes is TLS, but not what a client begins with`() throws {
        let (fault, _) = try #require(try fault(of: [21, 3, 1, 0, 2, 2, 40]))
        #expect(fault.cause == .unexpectedMessage)
    }

    @Test func `a handshake message out of its turn is unexpected`() throws {
        // A Finished in place of the ClientHello.
        let (early, _) = try #require(try fault(of: [22, 3, 1, 0, 4, 20, 0, 0, 0]))
        #expect(early.cause == .unexpectedMessage)
        // A second ClientHello in place of the key exchange.
        var second = MemoryHello().records
        // The version that is negotiated by then, which each record now has to bear.
        second[2] = 3
        let (twice, _) = try #require(try fault(of: MemoryHello().records + second))
        #expect(twice.cause == .unexpectedMessage)
    }

    @Test func `a ClientHello with bytes behind its end, or cut short in itself, is malformed`() throws {
        var records = MemoryHello().records
        // Record length, then message length, each one more; and one byte for them.
        records[4] += 1
        records[8] += 1
        let (longer, sent) = try #require(try fault(of: records + [0]))
        #expect(longer.cause == .malformed)
        #expect(isAlert(50, sent))
        let (short, _) = try #require(try fault(of: [22, 3, 1, 0, 6, 1, 0, 0, 2, 3, 3]))
        #expect(short.cause == .malformed)
    }
}
