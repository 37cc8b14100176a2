/// Where a handshake is after a call.
package enum HandshakeProgress: Sendable, Hashable {
    case done
    /// Nothing goes on until more bytes come.
    case wantsInput
    /// Nothing goes on until the session store has answered; bytes that come meanwhile wait.
    case wantsSession
    /// Nothing goes on until ``ServerConnection/goOnToFinished()``, see ``ServerConnection/pausesBeforeFinished``.
    case waitsBeforeFinished
    /// It will not succeed. An alert may wait in the output.
    case failed(HandshakeFault)
}

/// The result of a read.
package enum ReadProgress: Sendable, Hashable {
    /// That many bytes of plaintext, at least one; more may be there.
    case bytes(Int)
    /// Nothing is there until more bytes come.
    case wantsInput
    /// The peer sent close_notify (RFC 8446 §6.1); we may go on writing.
    case closeNotify
    /// The peer's stream ended without a close_notify: what came may have been cut.
    case truncated
    /// The connection is broken. An alert may wait in the output.
    case failed(ConnectionFault)
}

/// The result of a write.
package enum WriteProgress: Sendable, Hashable {
    /// Every byte is encrypted and in the output.
    case done
    case failed(ConnectionFault)
}
