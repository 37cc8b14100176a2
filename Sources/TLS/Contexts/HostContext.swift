import CRepriseOpenSSL

/// The SSL_CTX of one host: its certificates, and the parts of the settings that libssl takes from the context a
/// connection was switched to (ciphers, signature algorithms, security level, ALPN, stapling).
///
/// Everything else stays the listener context's: SSL_set_SSL_CTX copies no options, no versions, no verify mode.
// @unchecked: immutable after init; libssl counts the context's references atomically.
final class HostContext: @unchecked Sendable {
    let pointer: OpaquePointer
    let id: String
    /// What its sessions carry of its id and its session domain.
    let digest: HostDigest
    /// SHA-256 over the session domain, the host's id and, for a host that asks for clients' certificates, all that
    /// decides whether one is accepted: sessions cannot cross hosts or policies (design decision D6). It leaves out the
    /// revocation lists and the time, since we judge each resumption by them anew.
    let sessionIDContext: [UInt8]
    let clients: ClientAuthentication?
    private let certificates: [ServerCertificate]
    /// libssl's numbers of the TLS 1.2 ciphers it takes.
    let ciphers: Set<UInt32>

    init(
        _ definition: HostDefinition, settings: ListenerTLSSettings, protocols: ApplicationProtocols
    ) throws(ContextError) {
        guard !definition.certificates.isEmpty else { throw .noCertificate(host: definition.id) }
        id = definition.id
        digest = HostDigest(host: definition.id, domain: settings.sessions.domain)
        certificates = definition.certificates
        clients = definition.clients
        let context = try ContextBuilding.context(settings.tls, as: .server)
        pointer = context
        let demands = definition.clients.map { $0.fingerprint + CertificateTerms(settings.tls, of: context).bytes }
        sessionIDContext = Self.sessionIDContext(settings.sessions.domain, definition.id, demands ?? [])
        ciphers = Self.ciphers(of: pointer)
        try useCertificates()
        try useClientAuthentication()
        SessionHooks.installCacheMode(settings.sessions, on: pointer)
        // A HelloRetryRequest brings a second ClientHello, and libssl asks the context switched to.
        SSL_CTX_set_client_hello_cb(pointer, clientHelloArrived, nil)
        if !protocols.isEmpty {
            // The protocols belong to the HostContexts that hold this context.
            SSL_CTX_set_alpn_select_cb(
                pointer, chooseApplicationProtocol, Unmanaged.passUnretained(protocols).toOpaque())
        }
        // The host outlives its connections: each holds its ServerContext, which holds its HostContexts.
        reprise_ctx_set_status_callback(pointer, stapleStatus, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    /// The OCSP response for the certificate that libssl has chosen, by its address.
    func staple(for certificate: OpaquePointer) -> StapledResponse? {
        certificates.first { $0.leaf == certificate }?.staple.current
    }

    /// Whether the host takes the cipher that a session is for.
    func allowsCipher(of session: OpaquePointer) -> Bool {
        SSL_SESSION_get0_cipher(session).map { ciphers.contains(SSL_CIPHER_get_id($0)) } ?? false
    }

    private static func ciphers(of context: OpaquePointer) -> Set<UInt32> {
        let all = SSL_CTX_get_ciphers(context)
        return Set(
            (0..<reprise_cipher_stack_count(all)).compactMap { reprise_cipher_stack_item(all, $0) }
                .map { SSL_CIPHER_get_id($0) })
    }

    private func useCertificates() throws(ContextError) {
        var families: Set<String> = []
        for certificate in certificates {
            guard families.insert(certificate.info.keyKind.family).inserted else {
                throw .familyTwice(host: id, family: certificate.info.keyKind.family)
            }
            let result = SSL_CTX_use_cert_and_key(
                pointer, certificate.leaf, certificate.key, certificate.chain, 1)
            guard result == 1 else {
                throw .certificateRefused(
                    host: id, subject: certificate.info.subject, errors: ErrorQueue.drain())
            }
        }
        ErrorQueue.clear()
    }

    /// The SSL asks for clients' certificates; the context holds the authorities that they must lead to.
    private func useClientAuthentication() throws(ContextError) {
        guard let clients else { return }
        guard reprise_ctx_set_verify_store(pointer, clients.anchors.rooted) == 1 else {
            throw .internalFault(ErrorQueue.drain())
        }
        if clients.anchors.partial != nil {
            // The host holds them.
            SSL_CTX_set_cert_verify_callback(
                pointer, chainVerified, Unmanaged.passUnretained(clients.anchors).toOpaque())
        }
        guard let offered = clients.authorityNames else { return }
        guard let names = SSL_dup_CA_list(offered) else { throw .internalFault(ErrorQueue.drain()) }
        SSL_CTX_set_client_CA_list(pointer, names)
    }

    private static func sessionIDContext(_ domain: String, _ host: String, _ demands: [UInt8]) -> [UInt8] {
        // The lengths in front keep "a" + "bc" apart from "ab" + "c".
        let text = "\(domain.utf8.count):\(domain)\(host.utf8.count):\(host)"
        return SessionCrypto.sha256(Array(text.utf8) + demands)
    }
}
