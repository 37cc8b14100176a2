internal import RepriseVocabulary

/// Checks whose word about their clients listeners take, and what upstreams are told.
struct ProxyProtocolCheck {
    private(set) var faults: [Fault] = []
    private(set) var warnings: [Fault] = []

    mutating func check(_ root: Reader, _ plan: Plan) {
        for reader in root["listeners"]?.elements ?? [] { check(reader) }
        for (listener, reader) in zip(plan.listeners, root["listeners"]?.elements ?? []) {
            checkReach(listener, reader)
        }
        checkContents(root, plan)
    }

    private mutating func check(_ listener: Reader) {
        let mode = listener["proxy_protocol"]
        let isOn = mode?.text.flatMap(ProxyAcceptance.Mode.init).map { $0 != .off } ?? false
        guard let trusted = listener["trusted_proxies"] else {
            if isOn, let mode {
                faults.append(
                    mode.fault(
                        "\(mode.text ?? "") needs trusted_proxies: whoever can send a header can pass for any client"))
            }
            return
        }
        if isOn, trusted.elements.isEmpty, !trusted.isDamaged {
            faults.append(trusted.fault("expected at least one network, address or unix, found none"))
        }
        if !isOn, mode?.isDamaged != true { warnings.append(trusted.fault("has no effect without proxy_protocol")) }
        for element in trusted.elements where isOn {
            guard case .network(let network)? = element.text.flatMap(TrustedProxies.init(parsing:)),
                network.prefix == 0
            else { continue }
            warnings.append(element.fault("believes everyone, so that every client can pass for any other"))
        }
    }

    private mutating func checkReach(_ listener: ListenerPlan, _ reader: Reader) {
        guard listener.proxyProtocol.mode != .off, !listener.proxyProtocol.trusted.isEmpty,
            let value = reader["trusted_proxies"]
        else { return }
        let trusted = listener.proxyProtocol.trusted
        for bind in listener.bind.map(\.value) {
            let canBeReached = trusted.contains { proxies in
                switch (proxies, bind) {
                case (.unix, .unix): true
                // A socket of all IPv6 addresses may take IPv4 clients as well.
                case (.network(let network), .ip(let address, _)): address.isIPv6 || !network.address.isIPv6
                case (.unix, .ip), (.network, .unix): false
                }
            }
            if !canBeReached { warnings.append(value.fault("has no proxy that can connect to \(bind)")) }
        }
    }

    /// Version 1 has addresses alone.
    private mutating func checkContents(_ root: Reader, _ plan: Plan) {
        // A program may say it of any connection.
        let known = Set(plan.upstreams.map(\.name) + plan.routers.map(\.name))
        let starts = plan.listeners.flatMap { [$0.router] + $0.tls.hosts.compactMap(\.router) }
        let isSaidByRoutes =
            plan.routers.contains { $0.library != nil || $0.rules.contains { $0.sendProxy == .v2 } }
            || !known.isSuperset(of: starts + plan.routers.flatMap { $0.rules.map(\.target) })
        for (group, reader) in zip(plan.upstreams, root["upstreams"]?.elements ?? []) {
            guard !group.proxyTLVs.isEmpty, !isSaidByRoutes, group.sendProxy != .v2,
                group.servers.allSatisfy({ $0.sendProxy != .v2 }), let value = reader["proxy_tlvs"]
            else { continue }
            warnings.append(value.fault("has no effect without send_proxy: v2"))
        }
    }
}
