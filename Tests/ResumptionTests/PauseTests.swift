import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// A full TLS 1.2 handshake pauses where all is known of the client, and nowhere before.
@Suite struct PauseTests {
    private let root: CertificateAuthority
    private let certificate: SelfSigned.Made

    init() throws {
        root = try CertificateAuthority(
            name: "Clients", validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        certificate = try SelfSigned.make(
            names: ["alice.test"], validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil,
            serial: 0xA1, issuedBy: root, forClient: true)
    }

    /// A connection whose client has sent nothing since the server's first flight, and what it would send: its records.
    private func begun(
        _ listener: MemoryListener, _ options: MemoryClient.Options, withCertificate: Bool = false
    ) throws -> (MemoryPair, records: [[UInt8]]) {
        var options = options
        if withCertificate { options.certificate = certificate }
        let pair = try MemoryPair(server: listener, client: options)
        pair.server.pausesBeforeFinished = true
        try pair.client.handshake()
        #expect(pair.deliverInHandshake(pair.client.takeOutput()) == .wantsInput)
        pair.toClient()
        _ = try pair.client.handshake()
        return (pair, Self.records(in: pair.client.takeOutput()))
    }

    private static func records(in bytes: [UInt8]) -> [[UInt8]] {
        var (rest, records): (ArraySlice<UInt8>, [[UInt8]]) = (bytes[...], [])
        while rest.count >= 5 {
            let count = 5 + Int(rest[rest.startIndex + 3]) << 8 + Int(rest[rest.startIndex + 4])
            records.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return records
    }

    private func listener(_ withCertificate: Bool) throws -> MemoryListener {
        let clients = try ClientAuthentication(mode: .request, authoritiesPEM: root.certificatePEM)
        return try MemoryServer.context(
            hosts: [MemoryServer.host("a.test", clients: withCertificate ? clients : nil)],
            policy: ResumptionPolicy(maximumChainAge: .seconds(1_000_000_000)))
    }

    @Test(arguments: [false, true])
    func `it pauses once, however the bytes come`(withCertificate: Bool) throws {
        let listener = try listener(withCertificate)
        for size in [1, 3, 5, 7, 10_000] {
            let (pair, records) = try begun(listener, SessionCarrier.ticket.client(), withCertificate: withCertificate)
            var bytes = records.flatMap { $0 }[...]
            var pauses = 0
            while !bytes.isEmpty, !pair.server.isHandshakeDone {
                var progress = pair.deliverInHandshake(Array(bytes.prefix(size)))
                bytes = bytes.dropFirst(size)
                guard progress == .waitsBeforeFinished else { continue }
                pauses += 1
                #expect(!pair.server.clientCertificates.isEmpty == withCertificate)
                // What comes meanwhile waits.
                let more = Array(bytes.prefix(size))
                #expect(more.isEmpty || pair.deliverInHandshake(more) == .waitsBeforeFinished)
                bytes = bytes.dropFirst(size)
                pair.server.goOnToFinished()
                progress = pair.server.handshake()
                #expect(progress == .wantsInput || progress == .done)
            }
            #expect(pair.server.isHandshakeDone && pauses == 1, "\(size)")
            pair.server.sendCloseNotify()
        }
    }

    @Test func `a client that leaves out the proof of its certificate, or all, is not asked about`() throws {
        let listener = try listener(true)
        for left in [1, 2, 3] {
            let (pair, records) = try begun(listener, SessionCarrier.ticket.client(), withCertificate: true)
            // Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished.
            #expect(records.map { $0[0] } == [22, 22, 22, 20, 22])
            let rest = (records.prefix(3).dropLast(left) + records.dropFirst(3)).flatMap { $0 }
            guard case .failed(let fault) = pair.deliverInHandshake(rest) else {
                Issue.record("without \(left) of its messages a client is let in, or asked about")
                continue
            }
            #expect(fault.cause == .unexpectedMessage, "\(left)")
        }
    }

    @Test func `records of five bytes and any content are no ChangeCipherSpec`() throws {
        let listener = try listener(true)
        let (pair, records) = try begun(listener, SessionCarrier.ticket.client(), withCertificate: true)
        // The certificate in pieces of five bytes, some of which begin like one.
        let message = records[0].dropFirst(5)
        var pieces: [UInt8] = []
        var rest = message[...]
        while !rest.isEmpty {
            let piece = rest.prefix(rest.first == 20 || rest.dropFirst().first != 20 ? 5 : 1)
            pieces += [22, 3, 3, 0, UInt8(piece.count)] + piece
            rest = rest.dropFirst(piece.count)
        }
        #expect(message.contains(20))
        #expect(pair.deliverInHandshake(pieces + records[1...].joined()) == .waitsBeforeFinished)
        #expect(!pair.server.clientCertificates.isEmpty)
        pair.server.goOnToFinished()
        #expect(pair.server.handshake() == .done)
        pair.server.sendCloseNotify()
    }

    @Test func `what a session is made to remember in the pause changes no session that was offered and not resumed`()
        throws
    {
        let listener = try listener(false)
        var options = SessionCarrier.id.client()
        options.offersExtendedMasterSecret = false
        let first = try MemoryPair.connected(listener, options)
        first.server.sendCloseNotify()
        let session = try #require(first.client.sessions.last)
        // The id was seen on the wire; with RFC 7627 in its hello libssl resumes no session from before.
        let (stranger, records) = try begun(listener, SessionCarrier.id.client(resuming: session))
        #expect(stranger.deliverInHandshake(records.flatMap { $0 }) == .waitsBeforeFinished)
        #expect(stranger.sessions.outcome.result == .refused(.mismatch))
        try stranger.sessions.setApplicationData([9])
        stranger.server.goOnToFinished()
        #expect(stranger.server.handshake() == .done)
        stranger.server.sendCloseNotify()

        options.resuming = session
        let second = try MemoryPair.connected(listener, options)
        #expect(second.client.wasResumed && second.sessions.applicationData == [])
        #expect(second.sessions.lineage?.id == first.sessions.lineage?.id)
        second.server.sendCloseNotify()
    }
}
