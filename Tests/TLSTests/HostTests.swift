import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@Suite struct HostTests {
    private static let first = MemoryServer.certificate(names: ["first.test"])
    private static let exact = MemoryServer.certificate(names: ["www.wild.test"])
    private static let wild = MemoryServer.certificate(names: ["*.wild.test"])

    private func context(_ settings: ListenerTLSSettings = MemoryServer.settings()) throws -> MemoryListener {
        try MemoryServer.context(
            settings,
            hosts: [
                MemoryServer.host("first.test", certificates: [Self.first]),
                MemoryServer.host("*.wild.test", certificates: [Self.wild]),
                MemoryServer.host("www.wild.test", certificates: [Self.exact]),
                MemoryServer.host("*.0.0.1", certificates: [Self.wild]),
            ].enumerated().map { index, host in
                HostDefinition(id: "host-\(index)", names: host.names, certificates: host.certificates)
            })
    }

    @Test(arguments: [
        ("first.test", "host-0"), ("FIRST.Test", "host-0"), ("a.wild.test", "host-1"), ("A.WILD.test", "host-1"),
        ("www.wild.test", "host-2"), ("a.b.wild.test", "host-0"), ("wild.test", "host-0"), ("else.test", "host-0"),
        ("127.0.0.1", "host-0"), ("first.test.", "host-0"), ("a b", "host-0"),
    ])
    func `a name finds its host: exact before wildcard, one label for the star`(_ name: String, _ id: String) throws {
        for version in [TLSVersion.tls1_2, .tls1_3] {
            var options = MemoryClient.Options(serverName: name)
            options.maximumVersion = version
            let pair = try MemoryPair(server: context(), client: options)
            #expect(pair.handshake() == .done)
            #expect(pair.server.summary.hostID == id)
            let shown = ["first.test", "*.wild.test", "www.wild.test"][Int(id.suffix(1)) ?? 0]
            #expect(pair.client.serverCertificateName == shown)
        }
    }

    @Test(arguments: ["else.test", "a.b.wild.test", "127.0.0.1", "a b"])
    func `an unknown name is refused where the listener says so`(_ name: String) throws {
        let pair = try MemoryPair(
            server: context(MemoryServer.settings(rejectsUnknownNames: true)), client: .init(serverName: name))
        guard case .failed(let fault) = pair.handshake() else {
            Issue.record("\(name) was served")
            return
        }
        #expect(fault.cause == .unknownName)
        #expect(fault.alertSent == .unrecognizedName)
        #expect(fault.detail.contains(name))
        #expect(pair.server.summary.serverName == name)
    }

    @Test func `a client that names nobody gets the first host, where unknown names are refused too`() throws {
        for rejects in [true, false] {
            let pair = try MemoryPair(server: context(MemoryServer.settings(rejectsUnknownNames: rejects)))
            #expect(pair.handshake() == .done)
            #expect(pair.server.summary.hostID == "host-0")
            #expect(pair.server.summary.serverName == nil)
        }
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `ECDSA and RSA stand side by side, and the client decides`(_ version: TLSVersion) throws {
        let host = MemoryServer.host("a.test", certificates: [MemoryServer.rsa, MemoryServer.ecdsa])
        let context = try MemoryServer.context(hosts: [host])
        var options = MemoryClient.Options(serverName: "a.test")
        options.maximumVersion = version
        options.signatureAlgorithms = "ecdsa_secp256r1_sha256"
        let modern = try MemoryPair.connected(context, options)
        #expect(!modern.client.serverKeyIsRSA)
        options.signatureAlgorithms = "rsa_pss_rsae_sha256:rsa_pkcs1_sha256"
        let older = try MemoryPair.connected(context, options)
        #expect(older.client.serverKeyIsRSA)
        #expect(older.client.serverSignedWithPSS)
    }

    @Test func `a HelloRetryRequest ends in the same host`() throws {
        var options = MemoryClient.Options(serverName: "a.wild.test")
        // The client guesses P-521's share wrong; the server asks for the next group.
        options.groups = "X448:P-256"
        options.minimumVersion = .tls1_3
        let pair = try MemoryPair(server: context(), client: options)
        #expect(pair.handshake() == .done)
        #expect(pair.server.summary.hostID == "host-1")
        #expect(pair.server.summary.group == "P-256")
    }

    @Test func `the first protocol of ours that the client offers is chosen`() throws {
        let settings = MemoryServer.settings(alpn: ["h2", "http/1.1"])
        for (offered, chosen) in [(["http/1.1", "h2"], "h2"), (["http/1.1"], "http/1.1"), ([], nil)] {
            var options = MemoryClient.Options(serverName: "a.wild.test")
            options.alpn = offered
            let pair = try MemoryPair(server: context(settings), client: options)
            #expect(pair.handshake() == .done)
            #expect(pair.client.alpn == chosen)
            #expect(pair.server.summary.alpn == chosen)
        }
    }

    @Test func `without protocols of ours the offer is ignored`() throws {
        var options = MemoryClient.Options(serverName: "first.test")
        options.alpn = ["h2"]
        let pair = try MemoryPair(server: context(), client: options)
        #expect(pair.handshake() == .done)
        #expect(pair.client.alpn == nil)
    }

    @Test func `the old profile serves a TLS 1 0 client, in the server's order`() throws {
        var options = MemoryClient.Options(serverName: "a.test")
        options.maximumVersion = .tls1_0
        options.ciphers = "ECDHE-ECDSA-AES256-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"
        let pair = try MemoryPair(server: MemoryServer.context(MemoryServer.settings(.old)), client: options)
        #expect(pair.handshake() == .done)
        #expect(pair.server.summary.version == .tls1_0)
        #expect(pair.server.summary.cipher == "ECDHE-ECDSA-AES128-SHA")
    }

    @Test func `in the intermediate profile the client's order decides`() throws {
        var options = MemoryClient.Options(serverName: "a.test")
        options.maximumVersion = .tls1_2
        options.ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-GCM-SHA256"
        let pair = try MemoryPair(server: MemoryServer.context(), client: options)
        #expect(pair.handshake() == .done)
        #expect(pair.server.summary.cipher == "ECDHE-ECDSA-CHACHA20-POLY1305")
    }

    @Test func `hosts that cannot be told apart are refused`() throws {
        let settings = MemoryServer.settings()
        let host = MemoryServer.host("a.test", certificates: [MemoryServer.ecdsa])
        #expect(throws: ContextError.noHosts) { try HostContexts(hosts: [], settings: settings) }
        #expect(throws: ContextError.hostTwice(id: "a.test")) {
            try HostContexts(hosts: [host, host], settings: settings)
        }
        let other = HostDefinition(id: "b", names: host.names, certificates: host.certificates)
        #expect(throws: ContextError.nameTwice(host.names[0], first: "a.test", second: "b")) {
            try HostContexts(hosts: [host, other], settings: settings)
        }
        #expect(throws: ContextError.noCertificate(host: "c")) {
            try HostContexts(hosts: [HostDefinition(id: "c", names: [], certificates: [])], settings: settings)
        }
        #expect(throws: ContextError.familyTwice(host: "a.test", family: "ECDSA")) {
            try HostContexts(
                hosts: [MemoryServer.host("a.test", certificates: [MemoryServer.ecdsa, Self.wild])], settings: settings)
        }
        #expect(throws: ContextError.badApplicationProtocol("")) {
            try HostContexts(hosts: [host], settings: MemoryServer.settings(alpn: [""]))
        }
    }

    @Test func `a key below the security level is refused with libssl's reason`() throws {
        let weak = MemoryServer.host(
            "a.test", certificates: [MemoryServer.certificate(names: ["a.test"], kind: .rsa1024)])
        var strict = TLSSettings.intermediate
        strict.ciphers += ":@SECLEVEL=2"
        #expect {
            try HostContexts(hosts: [weak], settings: MemoryServer.settings(strict))
        } throws: { error in
            guard case .certificateRefused(_, _, let errors)? = error as? ContextError else { return false }
            return errors.summary.contains("key too small")
        }
        _ = try HostContexts(hosts: [weak], settings: MemoryServer.settings(.old))
    }

    @Test func `thousands of hosts are found, each by its name`() throws {
        let settings = MemoryServer.settings()
        let hosts = (0..<2000).map { index in
            HostDefinition(
                id: "\(index)", names: [NamePattern("h\(index).test")].compactMap(\.self),
                certificates: [MemoryServer.ecdsa])
        }
        let context = try MemoryServer.context(settings, hosts: hosts)
        for index in [0, 999, 1999] {
            let pair = try MemoryPair(server: context, client: .init(serverName: "h\(index).test"))
            #expect(pair.handshake() == .done)
            #expect(pair.server.summary.hostID == "\(index)")
        }
    }
}
