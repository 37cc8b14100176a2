/// How a connection ended: the one word for it in logs, metrics and policy.
///
/// The first event that ends either direction decides; what follows is detail.
public enum Ending: Sendable, Hashable {
    /// The client closed its direction with close_notify.
    case clientCloseNotify
    /// The client's TCP stream ended without a close_notify: a truncation (RFC 8446 §6.1).
    case clientFIN
    /// The client reset its TCP connection.
    case clientReset
    /// The upstream ended its stream in order.
    case upstreamEnd
    /// The upstream reset its TCP connection.
    case upstreamReset
    /// No server of the upstream group took the connection.
    case upstreamUnreachable
    /// We sent a fatal alert.
    case alertSent(TLSAlert)
    /// The client sent a fatal alert.
    case alertReceived(TLSAlert)
    /// The handshake was not done in `timeouts.handshake`.
    case timeoutHandshake
    /// Nothing moved for `timeouts.idle`.
    case timeoutIdle
    /// One direction had ended, and the other did not follow in `timeouts.half_closed`.
    case timeoutHalfClosed
    /// The client did not take its last bytes in `timeouts.shutdown`.
    case timeoutShutdown
    /// A limit refused the connection, or what came was not TLS.
    case refused
    /// The listener was drained.
    case drain
    /// The process was told to end at once.
    case killed

    /// The word in logs and metrics, without the alert's name.
    public var kind: String {
        switch self {
        case .clientCloseNotify: "client_close_notify"
        case .clientFIN: "client_fin"
        case .clientReset: "client_reset"
        case .upstreamEnd: "upstream_end"
        case .upstreamReset: "upstream_reset"
        case .upstreamUnreachable: "upstream_unreachable"
        case .alertSent: "alert_sent"
        case .alertReceived: "alert_received"
        case .timeoutHandshake: "timeout_handshake"
        case .timeoutIdle: "timeout_idle"
        case .timeoutHalfClosed: "timeout_half_closed"
        case .timeoutShutdown: "timeout_shutdown"
        case .refused: "refused"
        case .drain: "drain"
        case .killed: "killed"
        }
    }

    /// Every ``kind``, in the order of ``index``.
    public static let kinds = [
        "client_close_notify", "client_fin", "client_reset", "upstream_end", "upstream_reset",
        "upstream_unreachable", "alert_sent", "alert_received", "timeout_handshake", "timeout_idle",
        "timeout_half_closed", "timeout_shutdown", "refused", "drain", "killed",
    ]

    /// The place of ``kind`` in ``kinds``.
    public var index: Int {
        switch self {
        case .clientCloseNotify: 0
        case .clientFIN: 1
        case .clientReset: 2
        case .upstreamEnd: 3
        case .upstreamReset: 4
        case .upstreamUnreachable: 5
        case .alertSent: 6
        case .alertReceived: 7
        case .timeoutHandshake: 8
        case .timeoutIdle: 9
        case .timeoutHalfClosed: 10
        case .timeoutShutdown: 11
        case .refused: 12
        case .drain: 13
        case .killed: 14
        }
    }
}

extension Ending: CustomStringConvertible {
    /// ``kind``, with the alert's name where there is one: `alert_sent(handshake_failure)`.
    public var description: String {
        switch self {
        case .alertSent(let alert), .alertReceived(let alert): "\(kind)(\(alert.name))"
        default: kind
        }
    }
}
