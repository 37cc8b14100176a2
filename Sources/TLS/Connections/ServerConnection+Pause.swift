import CRepriseOpenSSL
package import RepriseVocabulary

/// The pause of a full TLS 1.2 handshake before its last flight.
extension ServerConnection {
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
