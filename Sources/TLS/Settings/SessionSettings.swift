import CLibSSL
package import Vocabulary

/// How clients of a listener may resume their sessions.
package struct SessionSettings: Sendable {
    /// What a session is kept in.
    package enum Mode: String, Sendable, Hashable, CaseIterable {
        /// Tickets, and ids for TLS 1.2 clients without tickets.
        case both
        /// Tickets only.
        case stateless
        /// Our store only: session ids, and tickets that are no more than a key of the store.
        case stateful
        /// No resumption, and nothing on the wire that promises it.
        case off
    }

    /// The size of a key for `SSL_CTX_set_tlsext_ticket_keys`: a name (16), an HMAC key (32), an AES key (32).
    package static let ticketKeyBytes = 80

    package var mode: Mode
    /// How long one session lives, in whole seconds, at least one.
    package var lifetime: Duration
    /// Sessions that one listener of one worker remembers; 0 remembers none.
    package var cacheEntries: Int
    /// NewSessionTickets after a full TLS 1.3 handshake.
    package var ticketsFull: Int
    /// ``ticketKeyBytes`` random bytes, the same for every context of the session domain.
    package var ticketKey: Secret
    /// Listeners of one domain accept each other's sessions, host by host.
    package var domain: String

    /// - Precondition: the key has ``ticketKeyBytes`` bytes, the counts are not negative.
    package init(
        mode: Mode = .both, lifetime: Duration = .seconds(7200), cacheEntries: Int = 20_480, ticketsFull: Int = 1,
        ticketKey: Secret, domain: String
    ) {
        precondition(ticketKey.count == Self.ticketKeyBytes, "a ticket key of \(ticketKey.count) bytes")
        precondition(cacheEntries >= 0 && ticketsFull >= 0, "\(cacheEntries) entries, \(ticketsFull) tickets")
        self.mode = mode
        self.lifetime = lifetime
        self.cacheEntries = cacheEntries
        self.ticketsFull = ticketsFull
        self.ticketKey = ticketKey
        self.domain = domain
    }

    /// A new ticket key from libcrypto's random generator.
    package static func randomTicketKey() -> Secret {
        withUnsafeTemporaryAllocation(byteCount: ticketKeyBytes, alignment: 1) { bytes in
            // A key that is not random would open every session to everyone: there is no going on without one.
            let result = RAND_priv_bytes(bytes.baseAddress, CInt(bytes.count))
            precondition(result == 1, "libcrypto has no randomness: \(ErrorQueue.drain())")
            defer { OPENSSL_cleanse(bytes.baseAddress, bytes.count) }
            return Secret(copying: UnsafeRawBufferPointer(bytes))
        }
    }
}
