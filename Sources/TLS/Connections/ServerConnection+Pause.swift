import CRepriseOpenSSL
package import RepriseVocabulary

/// The pause of a full TLS 1.2 handshake before its last flight.
extension ServerConnection {
    /// The client has sent its last message before the ChangeCipherSpec, and proved its certificate if it has one; libssl
    /// handles that message first, and fails the handshake where the proof is none.
    func lastMessageArrived() {
        transport.pointee.gate = .armed
        if let ssl { SSL_set_msg_callback(ssl, nil) }
    }

    /// Stands before the client's ChangeCipherSpec; its sessions know what they will carry.
    func pause() -> HandshakeProgress {
        if let ssl { sessions.prepare(NewSession(isTLS13: false, isRenewal: false, peer: PeerChain(of: ssl))) }
        return .waitsBeforeFinished
    }

    /// Ends the pause: the next call of ``handshake()`` goes on.
    package func goOnToFinished() {
        transport.pointee.gate = .open
    }

    /// Ends a handshake that pauses with a fatal alert.
    package func refuseBeforeFinished(with alert: TLSAlert) -> HandshakeFault {
        // Neither side has changed its cipher yet.
        stream.sendInTheClear(alert, minor: 3)
        return stream.handshakeFailed(.refusedByRouter, "the router refuses it")
    }
}

/// SSL_set_msg_callback(3), during a full TLS 1.2 handshake only: a whole message has come, and is handled next. The last one is
/// the ClientKeyExchange, or the CertificateVerify of a client with a certificate (RFC 5246 §7.3).
func handshakeMessageArrived(
    _ isSent: CInt, _ version: CInt, _ content: CInt, _ bytes: UnsafeRawPointer?, _ count: Int, _ ssl: OpaquePointer?,
    _ argument: UnsafeMutableRawPointer?
) {
    guard isSent == 0, content == SSL3_RT_HANDSHAKE, count > 0, let ssl,
        let type = bytes?.load(as: UInt8.self), let connection = ServerConnection.behind(ssl)
    else { return }
    let isLast =
        type == SSL3_MT_CERTIFICATE_VERIFY
        || type == SSL3_MT_CLIENT_KEY_EXCHANGE && SSL_get0_peer_certificate(ssl) == nil
    if isLast { connection.lastMessageArrived() }
}
