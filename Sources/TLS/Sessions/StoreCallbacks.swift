import CRepriseOpenSSL

// Stateful sessions: libssl's callbacks when it makes or looks for one. There is no remove callback: libssl does not
// decide what an ending means for a session (design decision D4).

/// SSL_CTX_sess_set_new_cb(3): a TLS 1.2 session with an id, or a TLS 1.3 ticket of either kind.
func sessionIsEstablished(_ ssl: OpaquePointer?, _ session: OpaquePointer?) -> CInt {
    guard let ssl, let session, let connection = ServerConnection.behind(ssl) else { return 0 }
    if SSL_version(ssl) == TLS1_3_VERSION { connection.tickets.written += 1 }
    connection.keep(session)
    connection.announce(session)
    // 0: the reference stays libssl's.
    return 0
}

/// SSL_CTX_sess_set_get_cb(3): a session by its id; of a TLS 1.3 ticket when tickets are handles.
func sessionIsWanted(
    _ ssl: OpaquePointer?, _ id: UnsafePointer<UInt8>?, _ idBytes: CInt, _ isShared: UnsafeMutablePointer<CInt>?
) -> OpaquePointer? {
    isShared?.pointee = 0
    guard let ssl, let id, idBytes > 0, let connection = ServerConnection.behind(ssl) else { return nil }
    return connection.restore(UnsafeRawBufferPointer(start: id, count: Int(idBytes)))
}
