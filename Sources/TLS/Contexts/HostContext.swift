import CLibSSL

/// The SSL_CTX of one host: its certificates, and the parts of the settings that libssl takes from the context a
/// connection was switched to (ciphers, signature algorithms, security level, ALPN, stapling).
///
/// Everything else stays the listener context's: SSL_set_SSL_CTX copies no options, no versions, no verify mode.
final class HostContext: @unchecked Sendable {
    // @unchecked: immutable after init; libssl counts the context's references atomically.
    let pointer: OpaquePointer
    let id: String
    /// SHA-256 over the session domain and the host's id: sessions cannot cross hosts (design decision D6).
    let sessionIDContext: [UInt8]
    private let certificates: [ServerCertificate]

    init(
        _ definition: HostDefinition, settings: ListenerTLSSettings, protocols: ApplicationProtocols
    ) throws(ContextError) {
        guard !definition.certificates.isEmpty else { throw .noCertificate(host: definition.id) }
        id = definition.id
        certificates = definition.certificates
        sessionIDContext = Self.sessionIDContext(domain: settings.sessions.domain, host: definition.id)
        pointer = try ContextBuilding.context(settings.tls)
        try useCertificates()
        SessionHooks.installCacheMode(settings.sessions, on: pointer)
        // A HelloRetryRequest brings a second ClientHello, and libssl asks the context switched to.
        SSL_CTX_set_client_hello_cb(pointer, clientHelloArrived, nil)
        if !protocols.isEmpty {
            // The protocols belong to the HostContexts that hold this context.
            SSL_CTX_set_alpn_select_cb(
                pointer, chooseApplicationProtocol, Unmanaged.passUnretained(protocols).toOpaque())
        }
        // The host outlives its connections: each holds its ServerContext, and that its HostContexts.
        reprise_ctx_set_status_callback(pointer, stapleStatus, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    /// The OCSP response for the certificate that libssl has chosen, by its address.
    func staple(for certificate: OpaquePointer) -> StapledResponse? {
        certificates.first { $0.leaf == certificate }?.staple.current
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

    private static func sessionIDContext(domain: String, host: String) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SSL_MAX_SID_CTX_LENGTH))
        // The lengths in front keep "a" + "bc" apart from "ab" + "c".
        let text = "\(domain.utf8.count):\(domain)\(host.utf8.count):\(host)"
        let result = EVP_Digest(text, text.utf8.count, &digest, nil, EVP_sha256(), nil)
        precondition(result == 1, "libcrypto has no SHA-256: \(ErrorQueue.drain().summary)")
        return digest
    }
}
