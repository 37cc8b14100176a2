import CRepriseOpenSSL
internal import RepriseVocabulary

/// What a host of a listener takes now, as far as sessions are concerned.
package struct HostTerms: Sendable {
    /// The host's id.
    package let id: String
    /// What its sessions carry of it.
    package let digest: HostDigest
    /// What its sessions are bound to.
    package let sessionIDContext: [UInt8]
    /// What it demands of clients' certificates.
    package let clients: ClientAuthentication?
    /// How the listener's sessions are kept.
    package let sessions: SessionSettings

    private let ciphers: Set<UInt32>
    private let versions: ClosedRange<TLSVersion>

    init(_ host: HostContext, _ settings: ListenerTLSSettings) {
        // Not the host itself: code that asks about sessions would keep its private keys.
        (id, digest, sessionIDContext) = (host.id, host.digest, host.sessionIDContext)
        (clients, ciphers) = (host.clients, host.ciphers)
        sessions = settings.sessions
        versions = settings.tls.minimumVersion...settings.tls.maximumVersion
    }

    /// Whether it takes a session's version and, in TLS 1.2, its cipher: TLS 1.3 binds a session to a digest only.
    package func takes(_ session: SessionReference) -> Bool {
        guard let version = session.version, versions.contains(version) else { return false }
        return version == .tls1_3 || session.cipherID.map(ciphers.contains) ?? false
    }
}

/// The listener's settings that decide whether a client's certificate is accepted, beside its host's demands.
struct CertificateTerms: Equatable {
    /// The least strength of keys and signatures in the chain (SSL_CTX_set_security_level(3)).
    let securityLevel: CInt
    /// The signature schemes that a client may prove its key with, by their numbers, sorted by number: their order
    /// decides nothing about a certificate.
    let signatureSchemes: [UInt16]
    /// The curves that a client's key may be on in TLS 1.2: those among the groups (RFC 8422 §5.3).
    let curves: [UInt16]

    /// - Parameter context: the context built under the settings.
    init(_ settings: TLSSettings, of context: OpaquePointer) {
        securityLevel = SSL_CTX_get_security_level(context)
        // libssl shows the result of a context's lists only in a hello, and at high levels no hello may be possible.
        let hello = SampleHello(settings, securityLevel: securityLevel) ?? SampleHello(settings, securityLevel: 0)
        signatureSchemes = hello?.numbers(in: TLSEXT_TYPE_signature_algorithms).sorted() ?? []
        // X25519 and what came after it are for key exchange alone.
        curves = hello?.numbers(in: TLSEXT_TYPE_supported_groups).filter { $0 < Self.x25519 }.sorted() ?? []
    }

    /// The same for equal terms, in any spelling.
    var bytes: [UInt8] {
        Array("\(securityLevel) \(signatureSchemes) \(curves)".utf8)
    }

    private static let x25519: UInt16 = 29
}
