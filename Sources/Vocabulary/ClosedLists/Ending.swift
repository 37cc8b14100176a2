/// How a connection ended: the one word for it in logs, metrics and policy.
///
/// The first event that ends either direction decides; what follows is detail. ``Kind`` says what each means.
///
/// ```swift
/// let ending = Ending.alertReceived(TLSAlert(code: 48))
/// print(ending)  // alert_received(unknown_ca)
/// print(ending.kind.meaning)
/// ```
public enum Ending: Sendable, Hashable {
    case clientCloseNotify
    case clientFIN
    case clientReset
    case upstreamEnd
    case upstreamReset
    case upstreamUnreachable
    case alertSent(TLSAlert)
    case alertReceived(TLSAlert)
    case timeoutProxyHeader
    case timeoutHandshake
    case timeoutIdle
    case timeoutHalfClosed
    case timeoutShutdown
    case refused
    case drain
    case killed

    /// The ending without the alert's name.
    public var kind: Kind {
        switch self {
        case .clientCloseNotify: .clientCloseNotify
        case .clientFIN: .clientFIN
        case .clientReset: .clientReset
        case .upstreamEnd: .upstreamEnd
        case .upstreamReset: .upstreamReset
        case .upstreamUnreachable: .upstreamUnreachable
        case .alertSent: .alertSent
        case .alertReceived: .alertReceived
        case .timeoutProxyHeader: .timeoutProxyHeader
        case .timeoutHandshake: .timeoutHandshake
        case .timeoutIdle: .timeoutIdle
        case .timeoutHalfClosed: .timeoutHalfClosed
        case .timeoutShutdown: .timeoutShutdown
        case .refused: .refused
        case .drain: .drain
        case .killed: .killed
        }
    }
}

extension Ending {
    /// The endings, without what differs from alert to alert.
    ///
    /// ```swift
    /// let mayBeTriedAgain = Ending.Kind.allCases.filter { $0.origin == .upstream && $0.isWorthRetrying }
    /// print(mayBeTriedAgain.map(\.word))
    /// print(Ending.Kind.named("fatal_alert"))  // those that an option means: alertSent and alertReceived
    /// ```
    public enum Kind: Int, FailureList {
        case clientCloseNotify, clientFIN, clientReset, upstreamEnd, upstreamReset, upstreamUnreachable
        case alertSent, alertReceived
        case timeoutHandshake, timeoutIdle, timeoutHalfClosed, timeoutShutdown
        case refused, drain, killed
        case timeoutProxyHeader

        public static let title = "Endings"

        public var row: FailureRow {
            switch self {
            case .clientCloseNotify:
                FailureRow(
                    "client_close_notify", "The client closed its direction with close_notify.", .client, retry: false)
            case .clientFIN:
                FailureRow(
                    "client_fin",
                    "The client's TCP stream ended without a close_notify: a truncation (RFC 8446 §6.1).", .client,
                    retry: true
                )
            case .clientReset: FailureRow("client_reset", "The client reset its TCP connection.", .client, retry: true)
            case .upstreamEnd:
                FailureRow("upstream_end", "The upstream ended its stream in order.", .upstream, retry: false)
            case .upstreamReset:
                FailureRow("upstream_reset", "The upstream reset its TCP connection.", .upstream, retry: true)
            case .upstreamUnreachable:
                FailureRow(
                    "upstream_unreachable", "No server of the upstream group took the connection.", .upstream,
                    retry: true)
            case .alertSent: FailureRow("alert_sent", "Reprise sent a fatal alert.", .client, retry: false)
            case .alertReceived: FailureRow("alert_received", "The client sent a fatal alert.", .client, retry: false)
            case .timeoutProxyHeader:
                FailureRow(
                    "timeout_proxy_header",
                    "The PROXY protocol header was not complete in `timeouts.proxy_header`.", .client, retry: true)
            case .timeoutHandshake:
                FailureRow(
                    "timeout_handshake", "The handshake was not done in `timeouts.handshake`.", .client, retry: true)
            case .timeoutIdle: FailureRow("timeout_idle", "Nothing moved for `timeouts.idle`.", .proxy, retry: true)
            case .timeoutHalfClosed:
                FailureRow(
                    "timeout_half_closed",
                    "One direction had ended, and the other did not follow in `timeouts.half_closed`.", .proxy,
                    retry: true
                )
            case .timeoutShutdown:
                FailureRow(
                    "timeout_shutdown", "The client did not take its last bytes in `timeouts.shutdown`.", .client,
                    retry: true)
            case .refused:
                FailureRow("refused", "A limit refused the connection, or what came was not TLS.", .proxy, retry: true)
            case .drain: FailureRow("drain", "The listener was drained.", .proxy, retry: true)
            case .killed: FailureRow("killed", "The process was told to end at once.", .proxy, retry: true)
            }
        }
    }
}

extension Ending.Kind {
    /// The word that stands for both endings by a fatal alert, where the configuration names endings.
    private static let fatalAlert = "fatal_alert"

    /// Whether a fatal alert of either side ended the connection.
    public var isFatalAlert: Bool { self == .alertSent || self == .alertReceived }

    /// Whether a stream ended, or did not begin, by itself: without a limit, an alert, a timeout or the operator. A
    /// client that does not take its last bytes in time then decides the ending.
    public var isStreamsOwn: Bool {
        switch self {
        case .upstreamEnd, .clientCloseNotify, .upstreamReset, .upstreamUnreachable: true
        case .clientFIN, .clientReset, .alertSent, .alertReceived, .timeoutProxyHeader, .timeoutHandshake, .timeoutIdle,
            .timeoutHalfClosed, .timeoutShutdown, .refused, .drain, .killed:
            false
        }
    }

    /// The words by which the configuration names endings: each ending's own, and `fatal_alert`.
    public static var configurationWords: [String] { words + [fatalAlert] }

    /// The endings that the configuration means by a word: one, both by a fatal alert, or none for an unknown word.
    public static func named(_ word: String) -> [Ending.Kind] {
        word == fatalAlert ? allCases.filter(\.isFatalAlert) : Ending.Kind(word: word).map { [$0] } ?? []
    }
}

extension Ending: CustomStringConvertible {
    /// The word of ``kind``, with the alert's name where there is one: `alert_sent(handshake_failure)`.
    public var description: String {
        switch self {
        case .alertSent(let alert), .alertReceived(let alert): "\(kind.word)(\(alert.name))"
        default: kind.word
        }
    }
}
