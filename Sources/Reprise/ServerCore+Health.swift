internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseProxy
internal import RepriseRouting
internal import RepriseVocabulary

/// The health of upstream servers: what is known is shared by all workers, and outlives reloads.
extension ServerCore {
    /// Watches the groups of the plan in force.
    func tendUpstreams(_ parts: ListenerBuilder, _ plan: Plan) {
        let groups = parts.groups
        let watch = maintenance.health ?? makeWatch()
        maintenance.health = watch
        for group in groups { follow(group) }
        watch.watch(groups, parts.transports)
        let members = plan.members(of: groups)
        names().tend(members)
        board.put(groups, parts.transports)
        for gauge in maintenance.healthGauges { registry.remove(gauge) }
        maintenance.healthGauges = groups.map { group in
            registry.computed(MetricCatalog.upstreamWaiting, [group.name]) { Double(group.loads.room.count) }
        }
        maintenance.healthGauges += groups.map { group in
            registry.computed(MetricCatalog.upstreamRetryAfter, [group.name]) {
                group.retryAfter(at: Clocks.monotonic())?.inSeconds ?? .infinity
            }
        }
        maintenance.healthGauges += groups.flatMap { group in
            ServerState.allCases.map { state in
                registry.computed(MetricCatalog.upstreamServers, [group.name, state.word]) {
                    Double(group.conditions.count { $0.condition.state == state })
                }
            }
        }
        maintenance.healthGauges += tlsGauges(groups, parts.transports)
        maintenance.healthGauges += members.values.joined().map { group, index in
            let server = group.servers[index]
            return registry.computed(MetricCatalog.upstreamAddresses, [group.name, server.id]) {
                Double(server.endpoints.count)
            }
        }
    }

    private func tlsGauges(
        _ groups: [UpstreamGroup], _ transports: UpstreamTransports
    ) -> [MetricRegistry.ComputedGauge] {
        var gauges: [MetricRegistry.ComputedGauge] = []
        for group in groups {
            for (index, server) in group.servers.enumerated() {
                guard let seen = transports.seen(group.name, index) else { continue }
                gauges += [
                    registry.computed(MetricCatalog.upstreamCertificateExpiry, [group.name, server.id]) {
                        seen.notAfter.map { Double($0.secondsSinceEpoch) } ?? 0
                    },
                    registry.computed(MetricCatalog.upstreamCertificateChanges, [group.name, server.id]) {
                        Double(seen.certificateChanges)
                    },
                ]
            }
        }
        guard let sessions = lasting.upstreamSessions else { return gauges }
        return gauges + [
            registry.computed(MetricCatalog.upstreamSessions) { Double(sessions.counts.entries) },
            registry.computed(MetricCatalog.upstreamSessionBytes) { Double(sessions.counts.bytes) },
            registry.computed(MetricCatalog.upstreamSessionsEvicted) { Double(sessions.counts.evicted) },
            registry.computed(MetricCatalog.upstreamSessionsLeftOut) { Double(sessions.leftOut) },
        ]
    }

    // MARK: Names

    private func names() -> UpstreamNames {
        if let names = maintenance.names { return names }
        let made = UpstreamNames(on: control, dns, registry: registry, log: log)
        maintenance.names = made
        return made
    }

    /// The addresses of each name of a server in the plan.
    func addresses(of plan: Plan) -> [DNSName: ServerAddresses] {
        let names = names()
        return Dictionary(uniqueKeysWithValues: plan.serverNames.map { ($0, names.addresses(of: $0)) })
    }

    /// Resolves the names of servers that have no addresses yet.
    func resolveNames(_ checked: CheckedConfiguration) async -> CheckedConfiguration {
        guard let plan = checked.plan, !plan.serverNames.isEmpty else { return checked }
        let names = names()
        let errors = await withCheckedContinuation { continuation in
            names.resolve(plan.serverNames, within: UpstreamNames.patience) { continuation.resume(returning: $0) }
        }
        var checked = checked
        checked.add(NameCheck(plan, errors))
        return checked
    }

    private func makeWatch() -> HealthWatch {
        let registry = registry
        return HealthWatch(on: control) { group, server, result in
            registry.counter(MetricCatalog.upstreamChecks, [group, server, result.word]).add(1)
        }
    }

    /// Logs and counts each server of a group that changes its state, whoever finds it out, and has ejected ones probed.
    private func follow(_ group: UpstreamGroup) {
        let (registry, log, control, name) = (registry, log, control, group.name)
        group.loads.observe { [weak self] change in
            registry.counter(MetricCatalog.upstreamStateChanges, [name, change.server, change.now.word]).add(1)
            log.changed(change, of: name)
            guard change.now == .ejected else { return }
            control.execute { [weak self] in self?.assumeIsolated { $0.maintenance.health?.wake() } }
        }
    }
}

extension ControlLog {
    fileprivate func changed(_ change: ServerChange, of group: String) {
        var fields: [(String, LogValue)] = [
            ("upstream", .string(group)), ("server", .string(change.server)), ("state", .string(change.now.word)),
        ]
        if let reason = change.reason { fields.append(("reason", .string(reason))) }
        if change.now == .down || change.now == .ejected {
            warning("upstream server changed", fields)
        } else {
            notice("upstream server changed", fields)
        }
    }
}
