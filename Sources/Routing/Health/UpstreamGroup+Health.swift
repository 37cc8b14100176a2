package import RepriseVocabulary

/// What keeps connections from servers that are ill.
package struct HealthRules: Sendable, Hashable {
    /// When failing connects are reason enough.
    package var ejection = EjectionRule()
    /// How servers are asked whether they are well; `nil` where nobody asks.
    package var check: HealthCheck?
    /// How long a server that comes back gets fewer connections, rising from few to its share; zero for not at all.
    package var slowStart = Duration.zero
    /// How far a connection goes on to others.
    package var retries = RetryRule()
    /// How connections wait when there is no server for them.
    package var queue = QueueRule()
    /// How a client is left for whom there is none.
    package var farewell = UnreachableFarewell.reset

    package init() {}
}

/// A server has changed its state.
package struct ServerChange: Sendable, Equatable {
    package let server: String
    package let before: ServerState
    package let now: ServerState
    /// Why it is not up, in words.
    package let reason: String?
}

extension UpstreamGroup {
    /// What the table is told of this generation.
    var members: Members {
        var members = Members()
        (members.slots, members.weights) = (slots, weights)
        members.limits = servers.map(\.maximumConnections)
        for (index, server) in servers.enumerated() where server.isBackup {
            members.backups.insert(index, of: servers.count)
        }
        for (index, server) in servers.enumerated() where server.endpoints.isEmpty {
            members.unresolved.insert(index, of: servers.count)
        }
        members.inOrder = balancing.policy == .leastConnections
        (members.ejection, members.check, members.slowStart) = (health.ejection, health.check?.rule, health.slowStart)
        return members
    }

    /// Who gets no connections; a generation that is not in force works it out anew.
    func exclusions(in table: borrowing LoadTable) -> Exclusions {
        guard table.generation != generation else { return table.exclusions }
        let conditions = slots.map { table.condition(of: $0) }
        var members = members
        members.slots = Array(conditions.indices)
        return Exclusions(members) { conditions[$0] }
    }

    /// Whether no server may have another connection now, be it that all are down, drained or full.
    package var isExhausted: Bool {
        loads.withTable { table in
            var gone = exclusions(in: table).always
            gone.formUnion(full(in: table))
            return gone.count == servers.count
        }
    }

    /// Those that have as many connections as the generation in force allows.
    func full(in table: borrowing LoadTable) -> ServerSet {
        guard table.generation != generation, !table.full.isEmpty else { return table.full }
        var full = ServerSet()
        for index in servers.indices where table.isFull(slots[index]) { full.insert(index, of: servers.count) }
        return full
    }

    /// How many of those who wait are called when a connection has succeeded.
    private static let wokenBySuccess = 2

    // MARK: What happens to servers

    /// A server has taken a connection.
    ///
    /// - Parameter time: how long that took.
    package func connected(_ index: Int, after time: Duration, at now: Instant) -> ServerChange? {
        defer { if loads.room.count > 0, !isExhausted { loads.room.wake(Self.wokenBySuccess) } }
        return change(index) { condition, rule, mayEject in
            condition.connected(after: time, at: now, rule, mayEject: mayEject)
        }
    }

    /// A server has not taken a connection.
    package func failed(_ index: Int, _ reason: ConnectFailure, at now: Instant) -> ServerChange? {
        change(index) { condition, rule, mayEject in
            condition.failed(reason, at: now, rule, mayEject: mayEject)
        }
    }

    /// A health check has answered.
    ///
    /// - Parameter failure: what is wrong, in words; `nil` when all is well.
    package func checked(_ index: Int, _ failure: String?, at now: Instant) -> ServerChange? {
        let rule = health.check?.rule ?? CheckRule()
        let isAtDoor = health.check?.isAtDoor ?? true
        return change(index) { condition, _, _ in
            condition.checked(failure, isAtDoor: isAtDoor, at: now, rule)
        }
    }

    /// A server's name has addresses now.
    package func resolved(_ index: Int) -> ServerChange? {
        change(index) { condition, _, _ in condition.setResolved(true) }
    }

    /// A probe that was due is not made; it is due again then.
    package func abandonProbe(_ index: Int, until end: Instant) {
        loads.withTable { table in _ = table.change(slots[index]) { $0.probeIsAbandoned(until: end) } }
    }

    /// An operator takes a server out, or puts it back.
    package func setDrained(_ index: Int, _ isDrained: Bool, at now: Instant) -> ServerChange? {
        change(index) { condition, _, _ in condition.setDrained(isDrained, at: now) }
    }

    /// An operator leaves a server that much of its weight.
    ///
    /// - Parameter percent: 0 to 100.
    package func setPercent(_ index: Int, _ percent: Int) {
        precondition((0...100).contains(percent), "\(percent) percent of a weight")
        _ = change(index) { condition, _, _ in condition.setPercent(percent) }
    }

    private func change(
        _ index: Int, _ event: (inout ServerCondition, EjectionRule, _ mayEject: Bool) -> Void
    ) -> ServerChange? {
        let slot = slots[index]
        let change: ServerChange? = loads.withTable { table in
            let members = table.members
            let mayEject = members.mayEject(besides: table.exclusions.ejected.count)
            let (before, now) = table.change(slot) { event(&$0, members.ejection, mayEject) }
            guard before != now else { return nil }
            return ServerChange(
                server: servers[index].id, before: before, now: now, reason: table.condition(of: slot).reason)
        }
        if let change {
            loads.tell(change)
            // The first one tries it; its success calls others, so that who comes back is not crushed.
            if change.now == .up { loads.room.wake(1) }
        }
        return change
    }

    /// When the next ejection ends; `nil` when nobody is ejected.
    package var nextProbe: Instant? {
        loads.withTable { table in
            guard !table.exclusions.ejected.isEmpty else { return nil }
            return slots.compactMap { table.condition(of: $0).probeIsDue }.min()
        }
    }

    /// The servers whose ejection is over: each is to be probed, and its result told by ``connected(_:after:at:)`` or
    /// ``failed(_:_:at:)``.
    package func probesDue(at now: Instant) -> [Int] {
        loads.withTable { table in
            guard !table.exclusions.ejected.isEmpty else { return [] }
            return servers.indices.filter { index in
                guard let due = table.condition(of: slots[index]).probeIsDue, due <= now else { return false }
                table.change(slots[index]) { $0.probeBegins() }
                return true
            }
        }
    }

    /// When a client that found no server may come back with hope: zero while a server gets connections or is only full;
    /// what the first one still needs, the checks where those decide, and what is left of its ejection otherwise; `nil`
    /// where nobody knows.
    package func retryAfter(at now: Instant) -> Duration? {
        loads.withTable { table in
            let conditions = slots.map { table.condition(of: $0) }.filter { !$0.isDrained }
            guard conditions.allSatisfy({ $0.isDown || $0.isEjected }) else { return .zero }
            return conditions.compactMap { condition in
                // One whose probe is under way is about to be known.
                guard condition.isDown else { return condition.probeIsDue.map { max(.zero, $0 - now) } ?? .zero }
                guard let check = health.check else { return nil }
                return condition.checksToCome(check.rule).map { check.interval * $0 }
            }.min()
        }
    }

    /// How servers are asked whether they are well.
    package var check: HealthCheck? { health.check }

    /// What is known of each server, by its index, and its connections.
    package var conditions: [(condition: ServerCondition, load: Int)] {
        loads.withTable { table in slots.map { (table.condition(of: $0), table.load(of: $0)) } }
    }

    // MARK: Choosing

    /// One that gets connections; when none is left, a backup, and then one that is ejected.
    func choose(
        among exclusions: Exclusions, in table: borrowing LoadTable, at now: Instant, for selection: inout Selection
    ) -> Int? {
        var tried = selection.tried
        tried.formUnion(full(in: table))
        if exclusions.isEmpty {
            return tried.count < servers.count ? pick(in: table, but: tried, for: &selection) : nil
        }
        for level in [exclusions.usual, exclusions.withoutBackups, exclusions.always] {
            var gone = tried
            gone.formUnion(level)
            guard gone.count < servers.count else { continue }
            return luckyOne(exclusions, in: table, but: gone, at: now, for: &selection)
        }
        return nil
    }

    /// One of those that were not tried, of which there is one; all get connections.
    func pick(in table: borrowing LoadTable, for selection: inout Selection) -> Int {
        pick(in: table, but: selection.tried, for: &selection)
    }

    private func pick(in table: borrowing LoadTable, but gone: ServerSet, for selection: inout Selection) -> Int {
        turn(but: gone) ?? choose(in: table, but: gone, for: &selection)
    }

    /// Passes over servers that get less than their weight says, as often as that demands.
    private func luckyOne(
        _ exclusions: Exclusions, in table: borrowing LoadTable, but gone: ServerSet, at now: Instant,
        for selection: inout Selection
    ) -> Int {
        var gone = gone
        var best: (index: Int, share: UInt64)?
        while gone.count < servers.count {
            let index = pick(in: table, but: gone, for: &selection)
            let share = share(of: index, exclusions, in: table, at: now)
            if isLucky(share) { return index }
            if share > best?.share ?? 0 || best == nil { best = (index, share) }
            gone.insert(index, of: servers.count)
        }
        // Somebody must take it, and one that is to get nothing only where nobody else is left.
        guard let best else { preconditionFailure("all servers are excluded") }
        return best.index
    }

    /// Whether a server gets this connection; one that gets less than its weight says does now and then.
    func isLucky(_ index: Int, _ exclusions: Exclusions, in table: borrowing LoadTable, at now: Instant) -> Bool {
        isLucky(share(of: index, exclusions, in: table, at: now))
    }

    private func isLucky(_ share: UInt64) -> Bool { share >= 1024 || share > 0 && random.next() % 1024 < share }

    /// How much of its weight a server gets now, in 1,024ths. Hashes keep their server all the same: who moves for a moment
    /// moves twice.
    private func share(
        of index: Int, _ exclusions: Exclusions, in table: borrowing LoadTable, at now: Instant
    ) -> UInt64 {
        guard exclusions.partial.contains(index) else { return 1024 }
        let condition = table.condition(of: slots[index])
        if balancing.policy == .consistentHash, condition.percent > 0 { return 1024 }
        return condition.share(at: now, slowStart: health.slowStart)
    }
}
