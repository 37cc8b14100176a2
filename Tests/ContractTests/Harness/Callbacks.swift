import CRepriseOpenSSL

// One function for each callback of libssl's: it finds the closure, and asks it.

func newSessionCalled(_ ssl: OpaquePointer?, _ session: OpaquePointer?) -> CInt {
    guard let ssl, let session else { return 0 }
    return End.behind(ssl).context.newSession?(ssl, session) ?? 0
}

func removeSessionCalled(_ context: OpaquePointer?, _ session: OpaquePointer?) {
    guard let context, let session else { return }
    Context.at(SSL_CTX_get_ex_data(context, 0)).removedSession?(session)
}

func getSessionCalled(
    _ ssl: OpaquePointer?, _ id: UnsafePointer<UInt8>?, _ count: CInt, _ isShared: UnsafeMutablePointer<CInt>?
) -> OpaquePointer? {
    guard let ssl, let isShared else { return nil }
    let bytes = Array(UnsafeBufferPointer(start: id, count: Int(count)))
    return End.behind(ssl).context.getSession?(bytes, isShared)
}

func clientHelloCalled(
    _ ssl: OpaquePointer?, _ alert: UnsafeMutablePointer<CInt>?, _ context: UnsafeMutableRawPointer?
) -> CInt {
    guard let ssl, let answer = Context.at(context).clientHello?(ssl) else { return SSL_CLIENT_HELLO_ERROR }
    return answer
}

func serverNameCalled(
    _ ssl: OpaquePointer?, _ alert: UnsafeMutablePointer<CInt>?, _ context: UnsafeMutableRawPointer?
) -> CInt {
    guard let ssl else { return SSL_TLSEXT_ERR_NOACK }
    return Context.at(context).serverName?(ssl) ?? SSL_TLSEXT_ERR_NOACK
}

func certificateCalled(_ ssl: OpaquePointer?, _ context: UnsafeMutableRawPointer?) -> CInt {
    guard let ssl else { return 0 }
    Context.at(context).certificateWanted?(ssl)
    return 1
}

func ticketKeyCalled(
    _ ssl: OpaquePointer?, _ name: UnsafeMutablePointer<UInt8>?, _ vector: UnsafeMutablePointer<UInt8>?,
    _ cipher: OpaquePointer?, _ mac: OpaquePointer?, _ isSealing: CInt
) -> CInt {
    guard let ssl, let name, let vector, let cipher, let mac else { return -1 }
    return End.behind(ssl).context.ticketKey?((isSealing == 1, name, vector, cipher, mac)) ?? -1
}

func ticketMadeCalled(_ ssl: OpaquePointer?, _ context: UnsafeMutableRawPointer?) -> CInt {
    guard let ssl else { return 0 }
    return Context.at(context).ticketMade?(ssl) ?? 0
}

func ticketOpenedCalled(
    _ ssl: OpaquePointer?, _ session: OpaquePointer?, _ name: UnsafePointer<UInt8>?, _ nameBytes: Int,
    _ status: SSL_TICKET_STATUS, _ context: UnsafeMutableRawPointer?
) -> SSL_TICKET_RETURN {
    Context.at(context).ticketOpened?(session, status) ?? SSL_TICKET_RETURN_ABORT
}
