/// One exchange between a client and an upstream: routed, connected, relayed. Events in, answers out, no I/O and no
/// clock.
///
/// A connection in mode `tcp` is one exchange. Each event's answer is a type of its own, so that it cannot ask for
/// anything that the event cannot lead to.
package struct ExchangeMachine: Sendable, Equatable {
    /// Where it stands.
    package enum Phase: Sendable, Equatable {
        /// The router has not answered yet. Next: ``connecting(_:)``, ``finished``.
        case routing(Upload)
        /// No upstream server has accepted yet. Next: ``relaying(_:_:)``, ``finished``.
        case connecting(Upload)
        /// Bytes flow, in one direction or both. Next: ``finished``.
        case relaying(Upload, Download)
        /// The upstream's socket is closed, or there never was one. Final.
        case finished
    }

    /// The client's stream, on its way to the upstream.
    package enum Upload: Sendable, Equatable {
        case going
        /// It has ended properly; the upstream must still get its end, behind bytes that wait for it.
        case ended
        /// The upstream has all of it, and its end.
        case delivered
    }

    /// The upstream's stream.
    package enum Download: Sendable, Equatable {
        case going, ended
    }

    package private(set) var phase = Phase.routing(.going)

    package init() {}

    /// Whether bytes of the client are still wanted: it has not ended its stream.
    var readsClient: Bool {
        switch phase {
        case .routing(let upload), .connecting(let upload), .relaying(let upload, _): upload == .going
        case .finished: false
        }
    }

    /// Whether bytes of the upstream are still wanted.
    package var readsUpstream: Bool { if case .relaying(_, .going) = phase { true } else { false } }

    /// Whether the client's stream is complete, and parts of it are still on their way to the upstream.
    var deliversUpload: Bool {
        switch phase {
        case .routing(let upload), .connecting(let upload), .relaying(let upload, _): upload == .ended
        case .finished: false
        }
    }

    /// Whether one of two streams has ended.
    var isHalfClosed: Bool {
        if case .relaying(let upload, let download) = phase { upload != .going || download == .ended } else { false }
    }

    /// The upstream has ended its stream with a FIN.
    var hasUpstreamEnded: Bool { if case .relaying(_, .ended) = phase { true } else { false } }
}

extension ExchangeMachine {
    /// An upstream is chosen.
    ///
    /// - Returns: whether to connect: an answer that comes later may come too late.
    mutating func routed() -> Bool {
        guard case .routing(let upload) = phase else { return false }
        phase = .connecting(upload)
        return true
    }

    /// The router has refused, or was late.
    ///
    /// - Returns: whether that ends the exchange: the answer may come too late.
    mutating func notRouted() -> Bool {
        guard case .routing = phase else { return false }
        phase = .finished
        return true
    }

    /// What follows when the client's stream has ended, or the upstream has taken the rest of it.
    package enum AfterUpload: Sendable, Equatable {
        case goOn
        /// Half-close the upstream: the client's stream is complete and delivered.
        case endUpstreamWrite
        /// Both streams have ended properly: close the upstream.
        case complete
    }

    /// What follows when a server has taken the connection.
    package enum AfterConnect: Sendable, Equatable {
        case goOn
        /// Half-close the upstream: the client's stream was complete before, and none of it waits.
        case endUpstreamWrite
    }

    /// A server has taken the connection.
    ///
    /// - Parameter uploadWaits: the client's bytes wait for it.
    mutating func connected(uploadWaits: Bool) -> AfterConnect {
        guard case .connecting(let upload) = phase else { preconditionFailure("connected in phase \(phase)") }
        guard upload == .ended, !uploadWaits else {
            phase = .relaying(upload, .going)
            return .goOn
        }
        phase = .relaying(.delivered, .going)
        return .endUpstreamWrite
    }

    /// What follows when a server was not reached.
    package enum AfterConnectFailure: Sendable, Equatable {
        case tryNext
        case giveUp
    }

    /// - Parameter another: there is a server left to try.
    mutating func connectFailed(another: Bool) -> AfterConnectFailure {
        guard case .connecting = phase else { preconditionFailure("a failed connect in phase \(phase)") }
        guard !another else { return .tryNext }
        phase = .finished
        return .giveUp
    }

    /// The client has ended its stream properly.
    mutating func clientEnded(uploadWaits: Bool) -> AfterUpload {
        switch phase {
        case .routing(.going): phase = .routing(.ended)
        case .connecting(.going): phase = .connecting(.ended)
        case .relaying(.going, let download):
            phase = .relaying(.ended, download)
            return passOnEnd(uploadWaits: uploadWaits)
        case .routing, .connecting, .relaying, .finished: preconditionFailure("the client's end in phase \(phase)")
        }
        return .goOn
    }

    /// The upstream has taken all bytes that waited for it.
    mutating func uploaded() -> AfterUpload { passOnEnd(uploadWaits: false) }

    private mutating func passOnEnd(uploadWaits: Bool) -> AfterUpload {
        guard case .relaying(.ended, let download) = phase, !uploadWaits else { return .goOn }
        switch download {
        case .going:
            phase = .relaying(.delivered, .going)
            return .endUpstreamWrite
        case .ended:
            phase = .finished
            return .complete
        }
    }

    /// What follows when the upstream has ended its stream: the client gets a close_notify, and
    package enum AfterDownload: Sendable, Equatable {
        /// the client may go on.
        case goOn
        /// both have ended properly: close the upstream.
        case complete
    }

    mutating func upstreamEnded() -> AfterDownload {
        guard case .relaying(let upload, .going) = phase else { preconditionFailure("the upstream's end in \(phase)") }
        guard upload == .delivered else {
            phase = .relaying(upload, .ended)
            return .goOn
        }
        phase = .finished
        return .complete
    }

    /// The upstream's socket broke: it is closed.
    ///
    /// - Returns: whether its stream had ended properly before, so that it owes the client nothing more.
    mutating func upstreamBroke() -> Bool {
        guard case .relaying(_, let download) = phase else { preconditionFailure("the upstream's reset in \(phase)") }
        phase = .finished
        return download == .ended
    }

    /// How to close the upstream.
    package enum UpstreamCloseMode: Sendable, Equatable {
        /// There is none.
        case none
        /// It has the client's whole stream.
        case close
        /// A FIN would say that the client's stream is complete.
        case reset
    }

    /// The client, a limit or the operator ends the exchange before its streams are complete.
    mutating func abandon() -> UpstreamCloseMode {
        defer { phase = .finished }
        switch phase {
        case .routing, .finished: return .none
        case .relaying(.delivered, _): return .close
        case .connecting, .relaying: return .reset
        }
    }
}
