import CRepriseOpenSSL
import RepriseVocabulary

// Tickets: libssl's callbacks while it seals or opens one, always during a connection's own call. libssl encrypts first
// and then computes an HMAC over name, IV and ciphertext, which it compares in constant time; we choose the keys.

/// SSL_CTX_set_tlsext_ticket_key_evp_cb(3). Never an error: a missing key leads to a full handshake.
func ticketKeyWanted(
    _ ssl: OpaquePointer?, _ name: UnsafeMutablePointer<UInt8>?, _ vector: UnsafeMutablePointer<UInt8>?,
    _ cipher: OpaquePointer?, _ mac: OpaquePointer?, _ isSealing: CInt
) -> CInt {
    guard let ssl, let name, let vector, let cipher, let mac, let connection = ServerConnection.behind(ssl) else {
        return 0
    }
    if isSealing == 1 {
        guard let key = connection.sessions.sealingKey() else { return 0 }
        guard RAND_bytes(vector, CInt(EVP_MAX_IV_LENGTH)) == 1 else { return 0 }
        key.putName(at: name)
        connection.tickets.hasSealed = true
        return prepare(key, vector, cipher, mac, isSealing: true) ? 1 : 0
    }
    guard connection.mayOpenTicket() else { return 0 }
    let asked = UnsafeRawBufferPointer(start: name, count: TicketSecrets.nameBytes)
    switch connection.sessions.openingKey(named: asked) {
    case .none: return 0
    // TLS 1.3 renews at each use; TLS 1.2 only when it must.
    case .newest(let key):
        return prepare(key, vector, cipher, mac, isSealing: false) ? (SSL_version(ssl) == TLS1_3_VERSION ? 2 : 1) : 0
    case .older(let key): return prepare(key, vector, cipher, mac, isSealing: false) ? 2 : 0
    }
}

private func prepare(
    _ key: TicketSecrets, _ vector: UnsafePointer<UInt8>, _ cipher: OpaquePointer, _ mac: OpaquePointer, isSealing: Bool
) -> Bool {
    let algorithm = key.encryption.count == 32 ? longCipher : shortCipher
    let isKeyed = key.encryption.withBytes {
        EVP_CipherInit_ex(
            cipher, algorithm, nil, $0.baseAddress?.assumingMemoryBound(to: UInt8.self), vector, isSealing ? 1 : 0)
    }
    let isAuthenticated = key.authentication.withBytes { reprise_mac_use_key(mac, $0.baseAddress, $0.count) }
    return isKeyed == 1 && isAuthenticated == 1
}

// Fetched once: a fetch for each ticket costs a search. Never freed.
nonisolated(unsafe) private let longCipher = EVP_CIPHER_fetch(nil, "AES-256-CBC", nil)
nonisolated(unsafe) private let shortCipher = EVP_CIPHER_fetch(nil, "AES-128-CBC", nil)

/// SSL_CTX_set_session_ticket_cb(3), before a ticket is made: what the session carries. Also for a stateful TLS 1.3
/// session, whose ticket is its id.
func ticketIsMade(_ ssl: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> CInt {
    guard let ssl, let session = SSL_get_session(ssl), let connection = ServerConnection.behind(ssl) else { return 1 }
    // For a session that is not marked the ticket key callback finds no key, and libssl makes no TLS 1.3 ticket. Where
    // a ticket is just an id libssl does not call that one, so that this one has to fail.
    if !connection.markSession(session), SSL_version(ssl) == TLS1_3_VERSION, connection.tickets.refusal == nil {
        SSL_clear_options(ssl, reprise_op_no_ticket())
    }
    return 1
}

/// SSL_CTX_set_session_ticket_cb(3), after a ticket was tried.
func ticketIsOpened(
    _ ssl: OpaquePointer?, _ session: OpaquePointer?, _ keyName: UnsafePointer<UInt8>?, _ keyNameBytes: Int,
    _ status: SSL_TICKET_STATUS, _ argument: UnsafeMutableRawPointer?
) -> SSL_TICKET_RETURN {
    guard let ssl, let connection = ServerConnection.behind(ssl) else { return SSL_TICKET_RETURN_IGNORE }
    switch status {
    case SSL_TICKET_SUCCESS, SSL_TICKET_SUCCESS_RENEW:
        guard let session, connection.mayResume(session) else { return SSL_TICKET_RETURN_IGNORE_RENEW }
        if SSL_version(ssl) == TLS1_3_VERSION {
            return connection.issuesTicketsWhenResumed ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE
        }
        return status == SSL_TICKET_SUCCESS_RENEW || connection.sessions.wantsRenewal
            ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_USE
    case SSL_TICKET_NO_DECRYPT:
        connection.sessions.ticketDidNotOpen()
        return SSL_TICKET_RETURN_IGNORE_RENEW
    default:
        // EMPTY: a TLS 1.2 client has no ticket yet and would take one.
        return SSL_TICKET_RETURN_IGNORE_RENEW
    }
}
