import CLibSSL
import Vocabulary

/// How a listener's context keeps sessions: by libssl's own means, a cache in the context and one shared ticket key.
///
/// The one place that knows: a store and a key ring of our own take its place later.
enum SessionHooks {
    /// On a listener's context, whose cache, ticket key and lifetime libssl uses also after a switch of contexts.
    static func install(_ settings: SessionSettings, on context: OpaquePointer) throws(ContextError) {
        installCacheMode(settings, on: context)
        if settings.mode == .stateful || settings.mode == .off { SSL_CTX_set_options(context, reprise_op_no_ticket()) }
        // libssl counts an entry before it looks whether there is room: the real bound is one less.
        reprise_ctx_set_cache_size(context, settings.cacheEntries + 1)
        // Without this TLS 1.3 would send tickets that nothing resumes.
        let resumes =
            switch settings.mode {
            case .both, .stateless: true
            case .stateful: settings.cacheEntries > 0
            case .off: false
            }
        guard SSL_CTX_set_num_tickets(context, resumes ? settings.ticketsFull : 0) == 1 else {
            throw .internalFault(ErrorQueue.drain())
        }
        _ = SSL_CTX_set_timeout(context, max(1, Int(settings.lifetime.components.seconds)))
        let result = settings.ticketKey.withBytes { key in
            reprise_ctx_set_ticket_keys(context, key.baseAddress, key.count)
        }
        guard result == 1 else { throw .internalFault(ErrorQueue.drain()) }
        ErrorQueue.clear()
    }

    /// On a host's context too: of that, a TLS 1.2 ServerHello asks whether to hand out a session id, although the
    /// session is then kept in the listener's.
    static func installCacheMode(_ settings: SessionSettings, on context: OpaquePointer) {
        let keepsSessions = (settings.mode == .both || settings.mode == .stateful) && settings.cacheEntries > 0
        reprise_ctx_set_cache_mode(context, Int(keepsSessions ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF))
    }
}
