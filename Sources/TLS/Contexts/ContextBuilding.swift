import CRepriseOpenSSL
internal import RepriseVocabulary

/// The steps that all contexts are built with: listeners', hosts' and clients'.
enum ContextBuilding {
    /// A context of the role under the settings; the reference is the caller's.
    static func context(_ settings: TLSSettings, as role: TLSRole) throws(ContextError) -> OpaquePointer {
        ErrorQueue.clear()
        let method = role == .server ? TLS_server_method() : TLS_client_method()
        guard let context = SSL_CTX_new_ex(nil, Library.propertyQuery, method) else {
            throw .internalFault(ErrorQueue.drain())
        }
        do throws(ContextError) {
            try apply(settings, to: context, as: role)
            if role == .server { try readTicketRequests(context) }
            ErrorQueue.clear()
        } catch {
            SSL_CTX_free(context)
            throw error
        }
        return context
    }

    private static func apply(
        _ settings: TLSSettings, to context: OpaquePointer, as role: TLSRole
    ) throws(ContextError) {
        guard reprise_ctx_set_min_version(context, CInt(settings.minimumVersion.rawValue)) == 1,
            reprise_ctx_set_max_version(context, CInt(settings.maximumVersion.rawValue)) == 1
        else { throw .settingRefused(.versions, errors: ErrorQueue.drain()) }
        // Before certificates are added: the list's @SECLEVEL decides which are strong enough. Without ciphers (a
        // TLS 1.3 listener needs none) libssl's own stay, out of reach.
        if !settings.ciphers.isEmpty, SSL_CTX_set_cipher_list(context, settings.ciphers) != 1,
            settings.minimumVersion < .tls1_3
        {
            throw .settingRefused(.ciphers, errors: ErrorQueue.drain())
        }
        guard settings.ciphersuites.isEmpty || SSL_CTX_set_ciphersuites(context, settings.ciphersuites) == 1 else {
            throw .settingRefused(.ciphersuites, errors: ErrorQueue.drain())
        }
        let keepsGroups = role == .client && settings.groups.isEmpty
        guard keepsGroups || reprise_ctx_set_groups(context, settings.groups) == 1 else {
            throw .settingRefused(.groups, errors: ErrorQueue.drain())
        }
        if let algorithms = settings.signatureAlgorithms {
            guard reprise_ctx_set_signature_algorithms(context, algorithms) == 1 else {
                throw .settingRefused(.signatureAlgorithms, errors: ErrorQueue.drain())
            }
        }
    }

    private static func readTicketRequests(_ context: OpaquePointer) throws(ContextError) {
        // libssl hands over a ClientHello's extension only if it knows it.
        guard
            SSL_CTX_add_custom_ext(
                context, CUnsignedInt(ClientHello.ticketRequest),
                CUnsignedInt(SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_3_NEW_SESSION_TICKET), ticketMayRefuse, nil, nil,
                ticketRequestArrived, nil) == 1
        else { throw .internalFault(ErrorQueue.drain()) }
    }
}
