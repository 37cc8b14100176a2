import CRepriseOpenSSL
internal import RepriseVocabulary

/// The SSL_CTX that a listener's connections are made from, in one worker: options, versions, groups, sessions.
///
/// Only its worker's connections use it, unlike the ``HostContexts`` it refers to.
package final class ServerContext {
    let pointer: OpaquePointer
    let hosts: HostContexts
    let rejectsUnknownNames: Bool
    let sessions: SessionSettings
    let speaksTLS13: Bool

    /// - Parameter settings: the ones that the hosts were built with.
    package init(hosts: HostContexts, settings: ListenerTLSSettings) throws(ContextError) {
        sessions = settings.sessions
        speaksTLS13 = settings.tls.maximumVersion >= .tls1_3
        self.hosts = hosts
        rejectsUnknownNames = settings.rejectsUnknownNames
        pointer = try ContextBuilding.context(settings.tls, as: .server)
        SessionHooks.install(settings.sessions, on: pointer)
        setOptions(settings)
        SSL_CTX_set_client_hello_cb(pointer, clientHelloArrived, nil)
        reprise_ctx_set_server_name_callback(pointer, acknowledgeServerName)
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    private func setOptions(_ settings: ListenerTLSSettings) {
        var options =
            reprise_op_ignore_unexpected_eof() | reprise_op_no_compression() | reprise_op_no_renegotiation()
            | reprise_op_no_anti_replay()
        if settings.tls.serverPrefersOrder { options |= reprise_op_server_preference() }
        SSL_CTX_set_options(pointer, options)
        // NO_AUTO_CHAIN: the server sends what the file holds, not what a trust store on this machine would add.
        reprise_ctx_set_mode(
            pointer, Int(SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN))
        SSL_CTX_set_verify(pointer, SSL_VERIFY_NONE, nil)
        _ = SSL_CTX_set_max_early_data(pointer, 0)
    }
}
