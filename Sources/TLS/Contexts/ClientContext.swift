import CRepriseOpenSSL

/// The SSL_CTX that connections in the client role are made from, in one worker.
package final class ClientContext {
    /// libssl's context; for settings that ``ClientSettings`` lack, to be made before the first connection.
    package let pointer: OpaquePointer
    /// Whether servers' certificates are verified.
    let verifies: Bool
    // libssl refers to its certificates.
    private let certificate: ServerCertificate?

    /// Makes a context under the settings; it costs a few hundred microseconds, most of it for authorities.
    package init(_ settings: ClientSettings) throws(ClientError) {
        do throws(ContextError) {
            pointer = try ContextBuilding.context(settings.tls, as: .client)
        } catch {
            throw .context(error)
        }
        certificate = settings.certificate
        if case .authorities = settings.trust { verifies = true } else { verifies = false }
        // From here on deinit frees it.
        SSL_CTX_set_options(
            pointer, reprise_op_ignore_unexpected_eof() | reprise_op_no_compression() | reprise_op_no_renegotiation())
        // NO_AUTO_CHAIN: the client sends what the file holds, not what the authorities would add.
        reprise_ctx_set_mode(
            pointer, Int(SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN))
        // libssl keeps none: each connection hands its sessions to its maker.
        reprise_ctx_set_cache_mode(pointer, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        SSL_CTX_sess_set_new_cb(pointer, sessionIsGiven)
        try offer(settings.alpn)
        try trust(settings.trust)
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

    private func trust(_ trust: ClientSettings.Trust) throws(ClientError) {
        guard case .authorities(let pem) = trust else { return SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil) }
        let authorities: [OpaquePointer]
        do throws(CertificateError) {
            authorities = try PEMFile.certificates(in: pem, as: .authorities)
        } catch {
            throw .authorities(error)
        }
        defer { authorities.forEach(X509_free) }
        let store = SSL_CTX_get_cert_store(pointer)
        for authority in authorities {
            guard X509_STORE_add_cert(store, authority) == 1 else {
                throw .context(.internalFault(ErrorQueue.drain()))
            }
        }
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER, nil)
    }

    private func show(_ certificate: ServerCertificate?) throws(ClientError) {
        guard let certificate else { return }
        ErrorQueue.clear()
        guard SSL_CTX_use_cert_and_key(pointer, certificate.leaf, certificate.key, certificate.chain, 1) == 1 else {
            throw .certificateRefused(subject: certificate.info.subject, errors: ErrorQueue.drain())
        }
    }
}

/// What the client of a TLS connection offers and demands.
package struct ClientSettings: Sendable {
    /// Who may vouch for a server.
    package enum Trust: Sendable {
        /// Any certificate will do: anyone on the path can pose as the server.
        case anybody
        /// A chain must lead to one of these certificates, in PEM, and its leaf must be for the name that is asked for.
        case authorities([UInt8])
    }

    /// Versions, ciphers, groups and signature algorithms. Empty `ciphersuites` and `groups` leave libssl's own, and
    /// ``TLSSettings/serverPrefersOrder`` means nothing to a client.
    package var tls: TLSSettings
    /// The application protocols it offers (RFC 7301), in order of preference.
    package var alpn: [String] = []
    package var trust: Trust
    /// What it sends when the server asks for a certificate.
    package var certificate: ServerCertificate?

    package init(tls: TLSSettings, trust: Trust) {
        (self.tls, self.trust) = (tls, trust)
    }
}
