internal import CLibSSL
internal import Glibc
internal import Vocabulary

/// The connection behind an SSL; it clears the slot before it goes.
private func connection(_ ssl: OpaquePointer?) -> ServerConnection? {
    guard let pointer = SSL_get_ex_data(ssl, 0) else { return nil }
    return Unmanaged<ServerConnection>.fromOpaque(pointer).takeUnretainedValue()
}

/// Chooses the host (SSL_CTX_set_client_hello_cb(3)); called again after a HelloRetryRequest.
func clientHelloCallback(
    _ ssl: OpaquePointer?, _ alert: UnsafeMutablePointer<CInt>?, _ context: UnsafeMutableRawPointer?
) -> CInt {
    guard let ssl, let connection = connection(ssl) else { return SSL_CLIENT_HELLO_ERROR }
    switch connection.clientHelloSeen(ClientHelloView(ssl)) {
    case .success(let host):
        SSL_set_SSL_CTX(ssl, host.context)
        SSL_set_session_id_context(ssl, host.sessionIDContext, UInt32(host.sessionIDContext.count))
        return SSL_CLIENT_HELLO_SUCCESS
    case .failure(let refusal):
        alert?.pointee = CInt(refusal.alert.code)
        return SSL_CLIENT_HELLO_ERROR
    }
}

/// Notes alerts and KeyUpdates (SSL_CTX_set_info_callback(3)); it costs nothing for each record.
func infoCallback(_ ssl: OpaquePointer?, _ location: CInt, _ value: CInt) {
    guard location & SSL_CB_ALERT != 0 else {
        // A message has been read; after a TLS 1.3 handshake that is a KeyUpdate.
        guard location == SSL_CB_ACCEPT_LOOP, SSL_get_state(ssl) == TLS_ST_SR_KEY_UPDATE else { return }
        connection(ssl)?.keyUpdatesReceived += 1
        return
    }
    // The high byte is the level (2 is fatal), the low one the description.
    guard value >> 8 == SSL3_AL_FATAL else { return }
    let alert = TLSAlert(code: UInt8(truncatingIfNeeded: value))
    if location & SSL_CB_READ != 0 {
        connection(ssl)?.alertReceived = alert
    } else {
        connection(ssl)?.alertSent = alert
    }
}

/// Chooses the application protocol (SSL_CTX_set_alpn_select_cb(3)); none in common is fatal (RFC 7301 §3.2).
func alpnCallback(
    _ ssl: OpaquePointer?, _ selected: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ selectedLength: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?, _ offeredLength: UInt32,
    _ context: UnsafeMutableRawPointer?
) -> CInt {
    guard let connection = connection(ssl), let selected, let selectedLength, let offered else {
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    var choice: UnsafeMutablePointer<UInt8>?
    var length: UInt8 = 0
    let list = connection.context.alpnList
    let result = SSL_select_next_proto(&choice, &length, list, UInt32(list.count), offered, offeredLength)
    guard result == OPENSSL_NPN_NEGOTIATED, let choice else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    // The choice may point into our list, which must outlive the call: the client's own copy does.
    guard let copy = find(choice, length, in: offered, Int(offeredLength)) else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    selected.pointee = copy
    selectedLength.pointee = length
    return SSL_TLSEXT_ERR_OK
}

private func find(
    _ name: UnsafeMutablePointer<UInt8>, _ length: UInt8, in list: UnsafePointer<UInt8>, _ count: Int
) -> UnsafePointer<UInt8>? {
    var index = 0
    while index < count {
        let size = Int(list[index])
        guard index + 1 + size <= count else { return nil }
        if size == Int(length), memcmp(list + index + 1, name, size) == 0 { return list + index + 1 }
        index += 1 + size
    }
    return nil
}

/// Staples the OCSP response of the certificate in use (SSL_CTX_set_tlsext_status_cb(3)).
func statusCallback(_ ssl: OpaquePointer?, _ context: UnsafeMutableRawPointer?) -> CInt {
    guard let context, let certificate = SSL_get_certificate(ssl) else { return SSL_TLSEXT_ERR_NOACK }
    let host = Unmanaged<HostContext>.fromOpaque(context).takeUnretainedValue()
    // libssl itself judges validity by this clock.
    let now = WallTime(secondsSinceEpoch: Int64(time(nil)))
    guard let bytes = host.staple(for: certificate, at: now),
        let copy = reprise_OPENSSL_malloc(bytes.count)?.assumingMemoryBound(to: UInt8.self)
    else { return SSL_TLSEXT_ERR_NOACK }
    copy.update(from: bytes, count: bytes.count)
    reprise_SSL_set_tlsext_status_ocsp_resp(ssl, copy, CInt(bytes.count))
    return SSL_TLSEXT_ERR_OK
}
