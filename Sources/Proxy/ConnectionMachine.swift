package import Vocabulary

/// What one connection does next: events in, actions out, no I/O and no clock.
///
/// The client's stream and the upstream's stream end each on its own. The first event that ends either of them decides
/// the ``Ending``; only a timeout that ends a half-closed or closing connection takes its place (docs/decisions, 4).
/// An upstream whose client did not close with close_notify is reset, because a FIN would say that the client's stream
/// is complete.
package struct ConnectionMachine: Sendable, Equatable {
    /// Where the connection stands.
    package enum Phase: Sendable, Equatable {
        /// TLS is being negotiated. Next: ``connecting``, ``closing``, ``closed``.
        case handshaking
        /// The handshake is done, no upstream server has accepted yet. Next: ``relaying``, ``closing``, ``closed``.
        case connecting
        /// Bytes flow, in one direction or both. Next: ``closing``, ``closed``.
        case relaying
        /// The last bytes are on their way to the client. Next: ``lingering``, ``discarding``, ``closed``.
        case closing(afterwards: Farewell)
        /// All is said; the client's FIN is awaited, so that a reset does not overtake our last bytes. Next: ``closed``.
        case lingering
        /// The upstream broke off, and what it had sent has left: the client takes it while its upload is discarded, and is
        /// reset then. Next: ``closed``.
        case discarding
        /// Both sockets are closed. Final.
        case closed
    }

    /// What follows when the last bytes for the client have left.
    package enum Farewell: Sendable, Equatable {
        /// Close at once: the client has ended its stream too.
        case close
        /// The same, when a limit, a timeout or the operator wants it over: in `timeouts.shutdown`.
        case closeSoon
        /// Close our direction and await the client's FIN.
        case linger
        /// Reset: there is no upstream, and the client must not take what it has for the whole.
        case reset
        /// Reset, because the upstream's stream broke off, when the client has what came before. A client that is still
        /// uploading, and is reset at once, never reads why.
        case discard
    }

    package internal(set) var phase: Phase = .handshaking
    /// How the connection ended; `nil` until the first event that ends a direction.
    package internal(set) var ending: Ending?
    /// What happened after the event that decided the ending, in order of happening.
    package internal(set) var detail: Detail = []
    /// The client has closed its stream with close_notify.
    package internal(set) var clientEnded = false
    /// The upstream has ended its stream with a FIN.
    package internal(set) var upstreamEnded = false

    /// An upstream socket is there, whole or half-closed.
    var upstreamIsOpen = false
    /// The client's end still has to be passed on, behind bytes that wait for the upstream.
    var owesUpstreamEnd = false

    package init() {}
}

extension ConnectionMachine {
    /// What happened after the event that decided the ending.
    package struct Detail: OptionSet, Sendable, Hashable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        package static let clientCloseNotify = Detail(rawValue: 1 << 0)
        package static let clientFIN = Detail(rawValue: 1 << 1)
        package static let clientReset = Detail(rawValue: 1 << 2)
        package static let clientFault = Detail(rawValue: 1 << 3)
        package static let upstreamEnd = Detail(rawValue: 1 << 4)
        package static let upstreamReset = Detail(rawValue: 1 << 5)
        package static let upstreamUnreachable = Detail(rawValue: 1 << 6)
        package static let drain = Detail(rawValue: 1 << 7)
        package static let killed = Detail(rawValue: 1 << 8)
        package static let timeoutShutdown = Detail(rawValue: 1 << 9)
        package static let refused = Detail(rawValue: 1 << 10)

        private static let names = [
            "client_close_notify", "client_fin", "client_reset", "client_fault", "upstream_end", "upstream_reset",
            "upstream_unreachable", "drain", "killed", "timeout_shutdown", "refused",
        ]

        /// The words of the log line's `detail` field.
        package var words: [String] {
            Self.names.indices.filter { rawValue & (1 << $0) != 0 }.map { Self.names[$0] }
        }
    }

    /// Something that happened to the connection.
    package enum Event: Sendable, Equatable {
        case handshakeDone
        /// The handshake failed; `answered` when an alert or a plain-text answer waits to be sent.
        case handshakeFailed(Ending, answered: Bool)
        case clientCloseNotify
        /// The client's TCP stream ended without a close_notify.
        case clientTruncated
        case clientReset
        /// libssl ended the connection after the handshake: an alert sent or received.
        case clientFault(Ending)
        /// A limit that holds for living connections was passed.
        case refused
        case upstreamConnected
        /// Connecting failed or took too long; `another` when there is a server left to try.
        case upstreamConnectFailed(another: Bool)
        case upstreamEnd
        case upstreamReset
        /// Bytes that waited for a socket have all been taken by it.
        case flushed
        /// The client has acknowledged all that was sent, and sends nothing itself.
        case clientRests
        /// The timer that ``ConnectionMachine/timer`` names ran out.
        case timeout
        /// The time for draining is over.
        case drain
        /// The process ends now.
        case kill
    }

    /// What the shell does, in the order of declaration.
    package struct Actions: OptionSet, Sendable, Hashable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        /// Connect to the next server of the selection.
        package static let connect = Actions(rawValue: 1 << 0)
        /// Half-close the upstream: the client's stream is complete and delivered.
        package static let endUpstreamWrite = Actions(rawValue: 1 << 1)
        /// Close the upstream in order.
        package static let closeUpstream = Actions(rawValue: 1 << 2)
        /// Reset the upstream.
        package static let resetUpstream = Actions(rawValue: 1 << 3)
        /// Put a close_notify behind what the client still gets, and send.
        package static let sendCloseNotify = Actions(rawValue: 1 << 4)
        /// Half-close the client's socket and discard what still comes.
        package static let linger = Actions(rawValue: 1 << 5)
        /// Discard what still comes from the client.
        package static let discard = Actions(rawValue: 1 << 9)
        /// Close the client's socket.
        package static let closeClient = Actions(rawValue: 1 << 6)
        /// Reset the client's socket.
        package static let resetClient = Actions(rawValue: 1 << 7)
        /// The connection is over: account for it.
        package static let finish = Actions(rawValue: 1 << 8)
    }

    /// Bytes that wait for a socket to take them.
    package struct Backlog: Sendable, Equatable {
        package var toClient: Bool
        package var toUpstream: Bool

        package init(toClient: Bool = false, toUpstream: Bool = false) {
            self.toClient = toClient
            self.toUpstream = toUpstream
        }
    }

    /// The timeout that is running.
    package enum TimerKind: Sendable, Equatable {
        case handshake, connect, idle, halfClosed, shutdown
    }

    /// Which timeout runs now; `nil` when closed. It begins anew when the kind changes and, for `idle` and
    /// `halfClosed`, whenever bytes move.
    package var timer: TimerKind? {
        switch phase {
        case .handshaking: .handshake
        case .connecting: .connect
        case .relaying: clientEnded || upstreamEnded ? .halfClosed : .idle
        // A client that reads slowly gets its last bytes; one that is only told goodbye has less time.
        case .closing(afterwards: .close): .halfClosed
        case .closing, .lingering, .discarding: .shutdown
        case .closed: nil
        }
    }

    /// Whether bytes of the client are still wanted (to be relayed, or for the handshake).
    package var readsClient: Bool {
        switch phase {
        case .handshaking, .connecting, .relaying: !clientEnded
        case .closing, .lingering, .discarding, .closed: false
        }
    }

    /// Whether what the client still sends is read and forgotten: one that writes before it reads must get to reading.
    package var discardsClient: Bool {
        switch phase {
        case .closing(let farewell): farewell == .linger || farewell == .discard
        case .lingering, .discarding: true
        case .handshaking, .connecting, .relaying, .closed: false
        }
    }

    /// Whether the last bytes for the client are still to be decided.
    var isBeforeGoodbye: Bool {
        switch phase {
        case .handshaking, .connecting, .relaying: true
        case .closing, .lingering, .discarding, .closed: false
        }
    }

    /// Whether the client's stream is complete, and parts of it are still on their way to the upstream.
    var deliversUpload: Bool {
        switch phase {
        case .connecting: clientEnded
        case .relaying: clientEnded && owesUpstreamEnd
        case .handshaking, .closing, .lingering, .discarding, .closed: false
        }
    }

    /// Whether bytes of the upstream are still wanted.
    package var readsUpstream: Bool { phase == .relaying && !upstreamEnded }
}
