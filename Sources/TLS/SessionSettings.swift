internal import CLibSSL
package import Vocabulary

/// How a listener's sessions are kept.
package struct SessionSettings: Sendable {
    /// What sessions are resumed by.
    package enum Mode: String, Sendable, CaseIterable {
        /// Tickets only.
        case stateless
        /// Session ids only; tickets of TLS 1.3 are handles of stored sessions.
        case stateful
        /// Tickets, and ids for TLS 1.2 clients that take no ticket.
        case both
        /// No resumption.
        case off
    }

    /// What one session costs in libssl's own cache, measured (1,050 bytes of heap on 3.0.22).
    package static let bytesPerCacheEntry = 1050
    /// libssl's form: a name of 16 bytes, an HMAC key of 32, an AES key of 32.
    package static let ticketKeyBytes = 80

    package var mode: Mode
    /// How long a session can be resumed; libssl counts whole seconds.
    package var lifetime: Duration
    /// The most sessions in one worker's cache.
    package var cacheEntries: Int
    /// How many TLS 1.3 tickets a full handshake gets.
    package var ticketsFull: Int
    /// What tickets are sealed with: the same for all listeners and workers of a session domain.
    package var ticketKey: Secret
    /// The listeners that share sessions.
    package var domain: String

    package init(
        mode: Mode, lifetime: Duration, cacheEntries: Int, ticketsFull: Int, ticketKey: Secret, domain: String
    ) {
        self.mode = mode
        self.lifetime = lifetime
        self.cacheEntries = cacheEntries
        self.ticketsFull = ticketsFull
        self.ticketKey = ticketKey
        self.domain = domain
    }

    /// A fresh random ticket key.
    package static func randomTicketKey() -> Secret {
        var bytes = [UInt8](repeating: 0, count: ticketKeyBytes)
        // libcrypto's generator fails only when the system has no entropy at all: nothing can be served then.
        precondition(RAND_priv_bytes(&bytes, CInt(bytes.count)) == 1, "no random numbers")
        defer { OPENSSL_cleanse(&bytes, bytes.count) }
        return bytes.withUnsafeBytes { Secret(copying: $0) }
    }

    /// Sets up a listener's context, from which libssl takes cache and ticket keys even when a host's own context has
    /// been put in its place.
    ///
    /// No callback removes sessions: libssl would call it for endings that say nothing about a session's safety.
    func apply(to context: OpaquePointer) {
        SSL_CTX_set_timeout(context, Int(max(1, lifetime.components.seconds)))
        reprise_SSL_CTX_sess_set_cache_size(context, cacheEntries + 1)
        let caches = mode == .both || mode == .stateful
        reprise_SSL_CTX_set_session_cache_mode(context, Int(caches ? SSL_SESS_CACHE_SERVER : SSL_SESS_CACHE_OFF))
        if mode == .stateful || mode == .off { SSL_CTX_set_options(context, reprise_option_no_ticket()) }
        SSL_CTX_set_num_tickets(context, mode == .off ? 0 : ticketsFull)
        _ = ticketKey.withBytes { reprise_SSL_CTX_set_tlsext_ticket_keys(context, $0.baseAddress, CInt($0.count)) }
    }
}
