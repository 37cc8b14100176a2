package import Vocabulary

/// How a connection ended, and what happened after that. Each fact is entered once, as the ``Ending`` it may be.
package struct EndingBook: Sendable, Equatable {
    /// The first fact that ended either direction, or the timeout that took its place; `nil` until then.
    package private(set) var ending: Ending?
    /// What happened after it.
    package private(set) var later: Later = []

    package init() {}

    /// Enters a fact: the first one decides, every other is a detail.
    mutating func note(_ fact: Ending) {
        if ending == nil {
            ending = fact
        } else {
            later.formUnion(Later(fact))
        }
    }

    /// Enters a timeout that ends what the first fact had left half-closed: it takes that fact's place (docs/decisions, 4).
    mutating func expire(_ timeout: Ending) {
        if let ending { later.formUnion(Later(ending)) }
        ending = timeout
    }

    /// Enters that the client did not take its last bytes in time. It decides only where nothing but the streams' own ends
    /// had: a limit, an alert or the operator stays what ended the connection.
    mutating func expireGoodbye() {
        switch ending {
        case .upstreamEnd, .clientCloseNotify, .upstreamReset, .upstreamUnreachable: expire(.timeoutShutdown)
        default: later.insert(.timeoutShutdown)
        }
    }
}

extension EndingBook {
    /// What happened after the fact that decided the ending.
    package struct Later: OptionSet, Sendable, Hashable {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }

        package static let clientCloseNotify = Later(rawValue: 1 << 0)
        package static let clientFIN = Later(rawValue: 1 << 1)
        package static let clientReset = Later(rawValue: 1 << 2)
        package static let clientFault = Later(rawValue: 1 << 3)
        package static let upstreamEnd = Later(rawValue: 1 << 4)
        package static let upstreamReset = Later(rawValue: 1 << 5)
        package static let upstreamUnreachable = Later(rawValue: 1 << 6)
        package static let drain = Later(rawValue: 1 << 7)
        package static let killed = Later(rawValue: 1 << 8)
        package static let timeoutShutdown = Later(rawValue: 1 << 9)
        package static let refused = Later(rawValue: 1 << 10)

        private static let names = [
            "client_close_notify", "client_fin", "client_reset", "client_fault", "upstream_end", "upstream_reset",
            "upstream_unreachable", "drain", "killed", "timeout_shutdown", "refused",
        ]

        /// The same fact, as a detail.
        init(_ fact: Ending) {
            switch fact {
            case .clientCloseNotify: self = .clientCloseNotify
            case .clientFIN: self = .clientFIN
            case .clientReset: self = .clientReset
            case .alertSent, .alertReceived: self = .clientFault
            case .upstreamEnd: self = .upstreamEnd
            case .upstreamReset: self = .upstreamReset
            case .upstreamUnreachable: self = .upstreamUnreachable
            case .drain: self = .drain
            case .killed: self = .killed
            case .refused: self = .refused
            case .timeoutShutdown: self = .timeoutShutdown
            // They decide, or nothing is left to end.
            case .timeoutHandshake, .timeoutIdle, .timeoutHalfClosed: self = []
            }
        }

        /// The words of the log line's `detail` field.
        package var words: [String] {
            Self.names.indices.filter { rawValue & (1 << $0) != 0 }.map { Self.names[$0] }
        }
    }
}
