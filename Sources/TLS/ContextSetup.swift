internal import CLibSSL

/// What every SSL_CTX of ours has in common, a listener's or a host's.
///
/// When a host's context is put in the place of the listener's, libssl takes ciphers, signature algorithms, security
/// level, ALPN and OCSP from the new one, versions and groups from the old one: both get everything.
enum ContextSetup {
    static func make(_ settings: ListenerTLSSettings) throws(ContextError) -> OpaquePointer {
        ErrorQueue.clear()
        guard let context = SSL_CTX_new(TLS_server_method()) else {
            throw ContextError(description: ErrorQueue.drain().text)
        }
        do {
            try apply(settings, to: context)
            return context
        } catch {
            SSL_CTX_free(context)
            throw error
        }
    }

    private static func apply(_ settings: ListenerTLSSettings, to context: OpaquePointer) throws(ContextError) {
        let tls = settings.tls
        SSL_CTX_set_options(context, reprise_server_options())
        if tls.serverPrefersOrder { SSL_CTX_set_options(context, reprise_option_server_preference()) }
        reprise_SSL_CTX_set_mode(
            context, Int(SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_ENABLE_PARTIAL_WRITE)
        )
        reprise_SSL_CTX_set_dh_auto(context)
        try check(reprise_SSL_CTX_set_min_proto_version(context, tls.minimumVersion.wire), "minimum version")
        try check(reprise_SSL_CTX_set_max_proto_version(context, tls.maximumVersion.wire), "maximum version")
        if !tls.ciphers.isEmpty { try check(SSL_CTX_set_cipher_list(context, tls.ciphers), "ciphers") }
        try check(SSL_CTX_set_ciphersuites(context, tls.ciphersuites), "ciphersuites")
        try check(reprise_SSL_CTX_set1_groups_list(context, tls.groups), "groups")
        if let algorithms = tls.signatureAlgorithms {
            try check(reprise_SSL_CTX_set1_sigalgs_list(context, algorithms), "signature_algorithms")
        }
        SSL_CTX_set_client_hello_cb(context, clientHelloCallback, nil)
        SSL_CTX_set_info_callback(context, infoCallback)
        if !settings.alpn.isEmpty { SSL_CTX_set_alpn_select_cb(context, alpnCallback, nil) }
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
    }

    private static func check(_ result: CInt, _ what: String) throws(ContextError) {
        guard result == 1 else { throw ContextError(description: "\(what): \(ErrorQueue.drain().text)") }
    }
}
