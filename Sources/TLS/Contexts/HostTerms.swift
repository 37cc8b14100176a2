internal import RepriseVocabulary

/// What a host of a listener takes now, as far as sessions are concerned.
package struct HostTerms: Sendable {
    /// What its sessions are bound to.
    package let sessionIDContext: [UInt8]
    /// What it demands of clients' certificates.
    package let clients: ClientAuthentication?
    /// How the listener's sessions are kept.
    package let sessions: SessionSettings

    private let ciphers: Set<UInt32>
    private let versions: ClosedRange<TLSVersion>

    init(_ host: HostContext, _ settings: ListenerTLSSettings) {
        // Not the host itself: whoever asks about sessions would keep its private keys.
        (sessionIDContext, clients, ciphers) = (host.sessionIDContext, host.clients, host.ciphers)
        sessions = settings.sessions
        versions = settings.tls.minimumVersion...settings.tls.maximumVersion
    }

    /// Whether it takes a session's version and, in TLS 1.2, its cipher: TLS 1.3 binds a session to a digest only.
    package func takes(_ session: SessionReference) -> Bool {
        guard let version = session.version, versions.contains(version) else { return false }
        return version == .tls1_3 || session.cipherID.map(ciphers.contains) ?? false
    }
}
