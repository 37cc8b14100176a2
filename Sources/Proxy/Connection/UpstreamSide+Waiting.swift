internal import RepriseEventLoop
internal import RepriseRouting
internal import RepriseVocabulary

/// Waiting for a server, where all are down or have as many connections as they may.
extension UpstreamSide {
    /// Waits for a server, if the group has a queue and the queue a place.
    ///
    /// - Parameters:
    ///   - hasTried: some have been tried, and did not take the connection: it waits only where all others are down or full.
    ///   - wake: is called when there may be one.
    /// - Returns: for how long at most; `nil` when it does not wait.
    func wait(hasTried: Bool, _ wake: @escaping @Sendable () -> Void) -> Duration? {
        loop.assertConfined()
        guard let upstream = route?.upstream, case let rule = upstream.group.health.queue, rule.most > 0,
            !hasTried || upstream.group.isExhausted
        else { return nil }
        guard let ticket = upstream.group.loads.room.enter(most: rule.most, former: place, wake) else {
            upstream.waited(.refused)
            return nil
        }
        state = .waiting(ticket)
        place = ticket
        return rule.time
    }

    /// There may be a server now.
    ///
    /// - Returns: whether it waits for one; otherwise another must be called.
    func waitIsOver() -> Bool {
        guard case .waiting(let ticket) = state, let upstream = route?.upstream else { return false }
        leaveRoom(ticket, nil)
        route = (upstream, upstream.group.begin(hash: route?.selection.hash ?? 0))
        return true
    }

    func leaveRoom(_ ticket: WaitingRoom.Ticket, _ result: QueueResult?) {
        route?.upstream.group.loads.room.leave(ticket)
        state = .none
        if let result { route?.upstream.waited(result) }
    }

    /// How the client is left where there is no server.
    var farewell: UnreachableFarewell { route?.upstream.group.health.farewell ?? .reset }

    /// Its wait has led to a server.
    func wasServed() { route?.upstream.waited(.served) }

    /// Whether another server, or another address, may be tried.
    func mayRetry() -> Bool {
        guard let upstream = route?.upstream else { return false }
        let result = upstream.group.mayRetry(after: tries.count, since: tries.first, at: loop.now)
        upstream.retried(result)
        if result != .allowed { route?.selection.end() }
        return result == .allowed
    }
}
