internal import RepriseEventLoop
internal import RepriseTLS

/// The results of a ``Stream``, and where its two directions stand.
extension Stream {
    /// How the peer's stream of plaintext ended.
    enum End {
        /// By a FIN on a plain stream, by close_notify in TLS (RFC 8446 §6.1).
        case inOrder
        /// By a FIN without a close_notify.
        case truncated
        /// By a reset, or another error of the socket.
        case reset
        case broken(ConnectionFault)
    }

    /// The result of one receive, for arranging the next.
    enum Receipt {
        /// - `endIsBehind`: nothing but the peer's end is left.
        case bytes(endIsBehind: Bool)
        case nothing
        /// The peer has closed its direction of the socket; what that means for its stream, ``receive`` hands on.
        case fin
        /// The socket failed.
        case reset
    }

    /// What the socket is known to bring.
    enum Input {
        /// Nothing that has not been received.
        case quiet
        /// Bytes, the end or an error.
        case readable
        /// The peer has closed its direction: bytes may be left before the end.
        case ending
        /// The end was received.
        case ended

        var isReadable: Bool {
            switch self {
            case .readable, .ending: true
            case .quiet, .ended: false
            }
        }

        var endIsKnown: Bool {
            switch self {
            case .ending, .ended: true
            case .quiet, .readable: false
            }
        }
    }

    enum Output {
        /// It is not connected yet.
        case connecting
        /// A send may take bytes.
        case ready
        /// The last send was cut short: the socket tells when there is room.
        case full
        /// It takes no more.
        case broken(SystemErrno)
    }
}
