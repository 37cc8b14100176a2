import CRepriseOpenSSL

/// An SSL_CTX, and what its callbacks answer. A callback is installed when its closure is set.
final class Context {
    typealias Key = (
        isSealing: Bool, name: UnsafeMutablePointer<UInt8>, vector: UnsafeMutablePointer<UInt8>, cipher: OpaquePointer,
        mac: OpaquePointer
    )

    let pointer: OpaquePointer

    var newSession: ((_ ssl: OpaquePointer, _ session: OpaquePointer) -> CInt)? {
        didSet { SSL_CTX_sess_set_new_cb(pointer, newSessionCalled) }
    }
    var removedSession: ((_ session: OpaquePointer) -> Void)? {
        didSet { SSL_CTX_sess_set_remove_cb(pointer, removeSessionCalled) }
    }
    var getSession: ((_ id: [UInt8], _ isShared: UnsafeMutablePointer<CInt>) -> OpaquePointer?)? {
        didSet { SSL_CTX_sess_set_get_cb(pointer, getSessionCalled) }
    }
    var clientHello: ((_ ssl: OpaquePointer) -> CInt)? {
        didSet { SSL_CTX_set_client_hello_cb(pointer, clientHelloCalled, address) }
    }
    var serverName: ((_ ssl: OpaquePointer) -> CInt)? {
        didSet {
            reprise_ctx_set_server_name_callback(pointer, serverNameCalled)
            SSL_CTX_ctrl(pointer, SSL_CTRL_SET_TLSEXT_SERVERNAME_ARG, 0, address)
        }
    }
    var ticketKey: ((Key) -> CInt)? {
        didSet { SSL_CTX_set_tlsext_ticket_key_evp_cb(pointer, ticketKeyCalled) }
    }
    var ticketMade: ((_ ssl: OpaquePointer) -> CInt)? {
        didSet { installTicketCallbacks() }
    }
    var ticketOpened: ((_ session: OpaquePointer?, _ status: CInt) -> CInt)? {
        didSet { installTicketCallbacks() }
    }
    /// Called at a point of the handshake where the session, but not its tickets, is settled.
    var certificateWanted: ((_ ssl: OpaquePointer) -> Void)? {
        didSet { SSL_CTX_set_cert_cb(pointer, certificateCalled, address) }
    }

    /// How many sessions libssl's own cache holds.
    var cachedSessions: Int { SSL_CTX_ctrl(pointer, SSL_CTRL_SESS_NUMBER, 0, nil) }

    /// A server that hands out one session for each handshake, in that form.
    static func server(_ carrier: Carrier, _ identity: Identity? = .server) -> Context {
        let context = Context(TLS_server_method(), carrier.version)
        if carrier == .stateful { SSL_CTX_set_options(context.pointer, reprise_op_no_ticket()) }
        SSL_CTX_set_num_tickets(context.pointer, 1)
        context.use(sessionIDContext: "contract")
        if let identity { identity.show(in: context.pointer) }
        return context
    }

    /// A client that takes sessions in that form.
    static func client(_ carrier: Carrier) -> Context {
        let context = Context(TLS_client_method(), carrier.version)
        if carrier == .id { SSL_CTX_set_options(context.pointer, reprise_op_no_ticket()) }
        reprise_ctx_set_cache_mode(context.pointer, Int(SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL))
        context.newSession = { ssl, session in
            End.behind(ssl).sessions.append(Session(session))
            return 0
        }
        return context
    }

    private init(_ method: OpaquePointer?, _ version: CInt) {
        guard let context = SSL_CTX_new(method) else { preconditionFailure("no SSL_CTX: \(Errors.drain())") }
        pointer = context
        reprise_ctx_set_min_version(context, version)
        reprise_ctx_set_max_version(context, version)
        // The app_data of an SSL_CTX: the remove callback is told no more than the context.
        SSL_CTX_set_ex_data(context, 0, address)
    }

    deinit {
        // libssl removes what is in its cache, and would call back for it.
        SSL_CTX_sess_set_remove_cb(pointer, nil)
        SSL_CTX_free(pointer)
    }

    /// Unretained: an End holds its context for as long as libssl can call back.
    private var address: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

    static func at(_ address: UnsafeMutableRawPointer?) -> Context {
        guard let address else { preconditionFailure("a callback without its context") }
        return Unmanaged<Context>.fromOpaque(address).takeUnretainedValue()
    }

    func use(sessionIDContext: String) {
        let bytes = Array(sessionIDContext.utf8)
        SSL_CTX_set_session_id_context(pointer, bytes, CUnsignedInt(bytes.count))
    }

    /// Turns libssl's own cache off and keeps sessions in that store, as Reprise does.
    func use(_ store: OutsideStore) {
        reprise_ctx_set_cache_mode(pointer, Int(SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL))
        newSession = { _, session in
            store.keep(session)
            return 0
        }
        getSession = { id, isShared in
            isShared.pointee = 0
            return store.find(id)
        }
    }

    /// Demands a certificate, and takes every one.
    func demandCertificate() {
        SSL_CTX_set_verify(pointer, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT) { _, _ in 1 }
    }

    private func installTicketCallbacks() {
        SSL_CTX_set_session_ticket_cb(
            pointer, ticketMade == nil ? nil : ticketMadeCalled, ticketOpened == nil ? nil : ticketOpenedCalled,
            address)
    }
}
