import RepriseVocabulary

/// What a ClientHello says of sessions: what it offers, and what it would like.
///
/// An extension that does not parse counts as absent: libssl judges these extensions itself, and refuses the malformed
/// ones.
struct ResumptionRequest: Equatable {
    /// 0 to 32 bytes (RFC 5246 §7.4.1.2); random in TLS 1.3.
    var sessionID: [UInt8] = []
    /// Whether a TLS 1.2 ticket comes along (RFC 5077 §3.2); an empty extension only asks for one.
    var carriesTicket = false
    /// The identities of pre-shared keys that are as long as a session id, the first ones.
    var identities: [[UInt8]] = []
    /// How many identities there are (RFC 8446 §4.2.11).
    var identityCount = 0
    /// Whether the client takes a pre-shared key with an (EC)DHE exchange (RFC 8446 §4.2.9); the only way we resume.
    var takesKeyWithExchange = false
    /// How many tickets the client wants after a full and after a resumed handshake (RFC 9149 §3).
    var ticketCount: TicketCount?

    /// How many tickets, by the kind of handshake.
    struct TicketCount: Equatable {
        let full: Int
        let resumed: Int
    }

    init() {}

    init(
        sessionID: UnsafeBufferPointer<UInt8>, ticket: UnsafeBufferPointer<UInt8>?, keys: UnsafeBufferPointer<UInt8>?,
        modes: UnsafeBufferPointer<UInt8>?, count: UnsafeBufferPointer<UInt8>?
    ) {
        self.sessionID = Array(sessionID)
        carriesTicket = ticket.map { !$0.isEmpty } ?? false
        if let keys { readIdentities(keys) }
        if let modes {
            var reader = ByteReader(modes)
            takesKeyWithExchange = reader.vector8().map { $0.rest.contains(1) } ?? false
        }
        if let count, count.count == 2 { ticketCount = TicketCount(full: Int(count[0]), resumed: Int(count[1])) }
    }

    /// Drops what was offered: only what the client would like counts after the handshake.
    mutating func handshakeIsDone() {
        (sessionID, identities) = ([], [])
    }

    private mutating func readIdentities(_ bytes: UnsafeBufferPointer<UInt8>) {
        var reader = ByteReader(bytes)
        guard var list = reader.vector16() else { return }
        while let identity = list.vector16(), list.number16() != nil, list.number16() != nil {
            identityCount += 1
            guard identity.rest.count == 32, identities.count < TLSLimits.identities else { continue }
            identities.append(Array(identity.rest))
        }
    }
}
