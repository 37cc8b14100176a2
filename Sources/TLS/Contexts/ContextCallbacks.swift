import CRepriseOpenSSL
import RepriseVocabulary

// The callbacks that libssl makes while a connection's own call runs, so always on the connection's worker. Each
// function checks its pointers, finds the object, and calls one method.

/// SSL_CTX_set_client_hello_cb(3): for each ClientHello before libssl acts on any of it, and again whenever a handshake
/// that waits here goes on.
func clientHelloArrived(
    _ ssl: OpaquePointer?, _ alert: UnsafeMutablePointer<CInt>?, _ argument: UnsafeMutableRawPointer?
) -> CInt {
    guard let ssl, let alert, let connection = ServerConnection.behind(ssl) else { return SSL_CLIENT_HELLO_ERROR }
    switch connection.helloArrived(ssl) {
    case .proceed: return SSL_CLIENT_HELLO_SUCCESS
    case .wait: return SSL_CLIENT_HELLO_RETRY
    case .refuse(let answer):
        alert.pointee = CInt(answer.code)
        return SSL_CLIENT_HELLO_ERROR
    }
}

/// SSL_CTX_set_tlsext_servername_callback(3): whether the ServerHello acknowledges the name (RFC 6066 §3). libssl calls
/// it for each ClientHello, when it has decided which session is resumed.
func acknowledgeServerName(
    _ ssl: OpaquePointer?, _ alert: UnsafeMutablePointer<CInt>?, _ argument: UnsafeMutableRawPointer?
) -> CInt {
    guard let ssl, let alert, let connection = ServerConnection.behind(ssl) else { return SSL_TLSEXT_ERR_NOACK }
    if let answer = connection.resumptionIsDecided(ssl) {
        alert.pointee = CInt(answer.code)
        return SSL_TLSEXT_ERR_ALERT_FATAL
    }
    return connection.hello.match?.isByName == true ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK
}

/// SSL_CTX_set_alpn_select_cb(3). No overlap is fatal (RFC 7301 §3.2).
func chooseApplicationProtocol(
    _ ssl: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenCount: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?, _ offeredCount: CUnsignedInt,
    _ argument: UnsafeMutableRawPointer?
) -> CInt {
    guard let chosen, let chosenCount, let offered, let argument else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    // Held by the HostContexts that every connection holds.
    let protocols = Unmanaged<ApplicationProtocols>.fromOpaque(argument).takeUnretainedValue()
    let offers = UnsafeBufferPointer(start: offered, count: Int(offeredCount))
    guard let choice = protocols.choose(from: offers) else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    chosen.pointee = choice.baseAddress
    chosenCount.pointee = UInt8(choice.count)
    return SSL_TLSEXT_ERR_OK
}

/// SSL_CTX_set_tlsext_status_cb(3) of a server: called when the client asks for a staple and the certificate is chosen.
func stapleStatus(_ ssl: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> CInt {
    guard let ssl, let argument, let certificate = SSL_get_certificate(ssl) else { return SSL_TLSEXT_ERR_NOACK }
    // Held by the HostContexts that every connection holds.
    let host = Unmanaged<HostContext>.fromOpaque(argument).takeUnretainedValue()
    guard let response = host.staple(for: certificate) else { return SSL_TLSEXT_ERR_NOACK }
    // libssl frees its copy itself.
    guard let copy = reprise_openssl_malloc(response.der.count) else { return SSL_TLSEXT_ERR_NOACK }
    response.der.withUnsafeBytes {
        copy.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(copy), byteCount: $0.count)
    }
    reprise_ssl_give_status_response(
        ssl, copy.assumingMemoryBound(to: UInt8.self), response.der.count)
    return SSL_TLSEXT_ERR_OK
}

/// SSL_CTX_add_custom_ext(3): the ticket_request extension has been read in the ClientHello callback already.
func ticketRequestArrived(
    _ ssl: OpaquePointer?, _ type: CUnsignedInt, _ message: CUnsignedInt, _ bytes: UnsafePointer<UInt8>?, _ count: Int,
    _ certificate: OpaquePointer?, _ chainIndex: Int, _ alert: UnsafeMutablePointer<CInt>?,
    _ argument: UnsafeMutableRawPointer?
) -> CInt {
    1
}

/// SSL_CTX_add_custom_ext(3), while libssl makes a TLS 1.3 ticket: it adds nothing. It is libssl's only way to send an
/// alert of our choice when the handshake is done.
func ticketMayRefuse(
    _ ssl: OpaquePointer?, _ type: CUnsignedInt, _ message: CUnsignedInt,
    _ bytes: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ count: UnsafeMutablePointer<Int>?,
    _ certificate: OpaquePointer?, _ chainIndex: Int, _ alert: UnsafeMutablePointer<CInt>?,
    _ argument: UnsafeMutableRawPointer?
) -> CInt {
    guard let ssl, let alert, let refusal = ServerConnection.behind(ssl)?.tickets.refusal else { return 0 }
    alert.pointee = CInt(refusal.code)
    return -1
}
