package import Vocabulary

/// How a handshake failed.
package struct HandshakeFault: Error, Sendable, Hashable {
    package let cause: HandshakeFailure
    /// The fatal alert that we sent; it is in the output, if the transport takes it.
    package let alertSent: TLSAlert?
    /// libssl's words.
    package let detail: String
}

/// How libssl ended a connection after its handshake.
package struct ConnectionFault: Error, Sendable, Hashable {
    package let ending: Ending
    /// libssl's words.
    package let detail: String
}

/// What libssl could not set up.
package struct ContextError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String
}

/// How far a handshake came.
package enum HandshakeProgress: Sendable {
    case done
    case wantsInput
    case failed(HandshakeFault)
}

/// What reading plaintext came to.
package enum ReadProgress: Sendable {
    /// At least one byte.
    case bytes(Int)
    case wantsInput
    /// The peer has ended its stream with close_notify.
    case closeNotify
    /// The peer's TCP stream ended without one.
    case truncated
    case failed(ConnectionFault)
}

/// What writing plaintext came to; it is always taken whole.
package enum WriteProgress: Sendable {
    case done
    case failed(ConnectionFault)
}
