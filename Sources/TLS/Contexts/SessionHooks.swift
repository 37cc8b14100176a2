import CRepriseOpenSSL
import RepriseVocabulary

/// How we take sessions from libssl and give them back: its own cache is off, and the callbacks lead to
/// ``ConnectionSessions``.
enum SessionHooks {
    /// On a listener's context, whose callbacks libssl calls even after a switch of contexts.
    static func install(_ settings: SessionSettings, on context: OpaquePointer) {
        // Without the mode libssl would not report TLS 1.3 tickets that hold the session either.
        setCacheMode(settings.mode != .off, on: context)
        if settings.mode == .stateful || settings.mode == .off { SSL_CTX_set_options(context, reprise_op_no_ticket()) }
        // Each ClientHello decides anew how many there are.
        SSL_CTX_set_num_tickets(context, 0)
        if settings.mode != .off { SSL_CTX_sess_set_new_cb(context, sessionIsEstablished) }
        if settings.keepsSessions { SSL_CTX_sess_set_get_cb(context, sessionIsWanted) }
        SSL_CTX_set_tlsext_ticket_key_evp_cb(context, ticketKeyWanted)
        SSL_CTX_set_session_ticket_cb(context, ticketIsMade, ticketIsOpened, nil)
    }

    /// On a host's context, where libssl checks whether a TLS 1.2 ServerHello hands out a session id, although the
    /// listener's callbacks then keep the session.
    static func installCacheMode(_ settings: SessionSettings, on context: OpaquePointer) {
        setCacheMode(settings.keepsSessions, on: context)
    }

    private static func setCacheMode(_ isOn: Bool, on context: OpaquePointer) {
        reprise_ctx_set_cache_mode(
            context, Int(isOn ? SSL_SESS_CACHE_SERVER | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF))
    }
}
