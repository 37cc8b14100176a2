import CRepriseOpenSSL
import RepriseVocabulary

/// The SSL_CTX that connections in the client role are made from.
///
/// Immutable once its settings are made, and shared by the workers.
// @unchecked: see above; libssl counts references atomically, and keeps no sessions in it.
package final class ClientContext: @unchecked Sendable {
    /// libssl's context; for settings that ``ClientSettings`` lack, to be made before the first connection.
    package let pointer: OpaquePointer
    /// Who vouches for servers; `nil` where anybody does.
    let trust: ServerTrust?
    /// Whether servers' certificates are verified.
    package var verifies: Bool { trust != nil }
    // libssl refers to its certificates.
    private let certificate: ServerCertificate?

    /// Makes a context under the settings; it costs a few hundred microseconds, most of it for authorities.
    package init(_ settings: ClientSettings) throws(ClientError) {
        do throws(ContextError) {
            pointer = try ContextBuilding.context(settings.tls, as: .client)
        } catch {
            throw .context(error)
        }
        (certificate, trust) = (settings.certificate, settings.trust.checked)
        // From here on deinit frees it.
        if let level = settings.securityLevel { SSL_CTX_set_security_level(pointer, CInt(level)) }
        SSL_CTX_set_options(
            pointer, reprise_op_ignore_unexpected_eof() | reprise_op_no_compression() | reprise_op_no_renegotiation())
        if !settings.asksForTickets { SSL_CTX_set_options(pointer, reprise_op_no_ticket()) }
        // NO_AUTO_CHAIN: the client sends what the file holds, not what the authorities would add.
        reprise_ctx_set_mode(
            pointer, Int(SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN))
        // libssl keeps none: each connection hands its sessions to its maker.
        reprise_ctx_set_cache_mode(pointer, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        SSL_CTX_sess_set_new_cb(pointer, sessionIsGiven)
        try offer(settings.alpn)
        try verify()
        try show(settings.certificate)
        ErrorQueue.clear()
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    private func offer(_ names: [String]) throws(ClientError) {
        guard !names.isEmpty else { return }
        do throws(ContextError) {
            try ApplicationProtocols(names).offer(in: pointer)
        } catch {
            throw .context(error)
        }
    }

    private func verify() throws(ClientError) {
        guard let trust else { return SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil) }
        guard trust.apply(to: pointer) else { throw .context(.internalFault(ErrorQueue.drain())) }
    }

    private func show(_ certificate: ServerCertificate?) throws(ClientError) {
        guard let certificate else { return }
        ErrorQueue.clear()
        guard SSL_CTX_use_cert_and_key(pointer, certificate.leaf, certificate.key, certificate.chain, 1) == 1 else {
            throw .certificateRefused(subject: certificate.info.subject, errors: ErrorQueue.drain())
        }
        // A server may ask for it after the handshake (RFC 8446 §4.6.2); without one there is no answer worth the offer.
        SSL_CTX_set_post_handshake_auth(pointer, 1)
    }
}

/// What the client of a TLS connection offers and demands.
package struct ClientSettings: Sendable {
    /// Who may vouch for a server.
    package enum Trust: Sendable {
        /// Any certificate will do: anyone on the path can pose as the server.
        case anybody
        /// A chain must lead to an authority, and its leaf must be for the name that is asked for.
        case checked(ServerTrust)

        var checked: ServerTrust? { if case .checked(let trust) = self { trust } else { nil } }
    }

    /// Versions, ciphers, groups and signature algorithms. Empty `ciphersuites` and `groups` leave libssl's own, and
    /// ``TLSSettings/serverPrefersOrder`` means nothing to a client.
    package var tls: TLSSettings
    /// The application protocols it offers (RFC 7301), in order of preference.
    package var alpn: [String] = []
    package var trust: Trust
    /// What it sends when the server asks for a certificate.
    package var certificate: ServerCertificate?
    /// Whether it takes tickets of TLS 1.2 (RFC 5077); without, a session is known to its server by its id alone.
    package var asksForTickets = true
    /// libssl's least strength of keys and digests, 0 to 5 (SSL_CTX_set_security_level(3)); `nil` for the ciphers' or its own.
    package var securityLevel: Int?

    package init(tls: TLSSettings, trust: Trust) {
        (self.tls, self.trust) = (tls, trust)
    }
}

extension ClientSettings {
    /// Tells settings from others under which a session was not agreed on: who vouches, what is shown, offered and demanded.
    package var fingerprint: [UInt8] {
        var parts = [
            "\(tls.minimumVersion.rawValue)", "\(tls.maximumVersion.rawValue)", tls.ciphers, tls.ciphersuites,
            tls.groups,
            tls.signatureAlgorithms ?? "", "\(securityLevel ?? -1)", certificate?.info.fingerprint ?? "",
        ]
        parts += alpn
        // The lengths in front keep "a" + "bc" apart from "ab" + "c".
        let text = parts.map { "\($0.utf8.count):\($0)" }.joined()
        return SessionCrypto.sha256((trust.checked?.fingerprint ?? []) + [0] + Array(text.utf8))
    }
}
