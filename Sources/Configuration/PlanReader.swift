internal import RepriseVocabulary

/// Reads the plan out of a tree, and checks what one value alone does not show: names that meet, routes that lead
/// nowhere.
struct PlanReader {
    let directory: String
    private(set) var plan = Plan()
    private(set) var faults: [Fault] = []
    private(set) var warnings: [Fault] = []

    init(directory: String) {
        self.directory = directory
    }

    mutating func read(_ root: Reader) {
        root["workers"].read(into: &plan.workers) { $0.text == "auto" ? .auto : $0.integer.map(WorkerCount.count) }
        root["log"]?["format"].read(into: &plan.log.format) { $0.text.flatMap(LogPlan.Format.init) }
        root["log"]?["level"].read(into: &plan.log.level) { $0.text.flatMap(LogPlan.Level.init) }
        root["drain_timeout"].read(into: &plan.drainTimeout, \.duration)
        if let bind = root["admin"]?["bind"], let endpoint = bind.endpoint {
            var admin = AdminPlan(bind: Located(endpoint, bind.source))
            root["admin"]?["connections"].read(into: &admin.connections, \.integer)
            admin.hosts = (root["admin"]?["hosts"]?.elements ?? []).compactMap(\.text)
            plan.admin = admin
        }
        for upstream in root["upstreams"]?.elements ?? [] { read(upstream: upstream) }
        let defaults = sessions(root["sessions"], SessionsPlan())
        for listener in root["listeners"]?.elements ?? [] { read(listener: listener, defaults) }
        var meetings = MeetingCheck()
        meetings.check(root)
        faults += meetings.faults
        warnings += meetings.warnings
        var shared = SharedUpstreamCheck()
        shared.check(plan)
        warnings += shared.warnings
        var sessions = SessionsCheck()
        sessions.check(root, plan)
        faults += sessions.faults
    }

    private func sessions(_ reader: Reader?, _ defaults: SessionsPlan) -> SessionsPlan {
        var plan = defaults
        reader?["mode"].read(into: &plan.mode) { $0.text.flatMap(SessionsPlan.Mode.init) }
        reader?["domain"].read(into: &plan.domain, \.text)
        reader?["lifetime"].read(into: &plan.lifetime, \.duration)
        reader?["max_chain_age"].read(into: &plan.maximumChainAge, \.duration)
        reader?["single_use"].read(into: &plan.isSingleUse, \.boolean)
        reader?["store_deadline"].read(into: &plan.storeDeadline, \.duration)
        reader?["deny_list"].read(into: &plan.denyList, \.integer)
        for ending in reader?["endings"]?.entries ?? [] {
            if let verdict = ending.value.text { plan.endings[ending.key] = verdict }
        }
        if let rotate = reader?["tickets"]?["rotate"], let duration = rotate.duration {
            plan.tickets.rotate = Located(duration, rotate.source)
        }
        if let keys = reader?["tickets"]?["keys"] { plan.tickets.keys = keys.elements.compactMap(file) }
        reader?["tickets"]?["resumed"].read(into: &plan.tickets.resumed, \.integer)
        reader?["cache"]?["size"].read(into: &plan.cacheSize, \.size)
        reader?["tickets"]?["full"].read(into: &plan.tickets.full, \.integer)
        reader?["tickets"]?["delay"].read(into: &plan.tickets.delay, \.duration)
        reader?["tickets"]?["wait_for_upstream"].read(into: &plan.tickets.waitForUpstream, \.boolean)
        return plan
    }

    private mutating func read(upstream reader: Reader) {
        var servers: [ServerPlan] = []
        var places: [String: Source] = [:]
        for server in reader["servers"]?.elements ?? [] {
            let addressReader = server.isMapping ? server["address"] : server
            guard let address = addressReader?.text.flatMap(ServerAddress.init(parsing:)) else { continue }
            let id = server["id"]?.text ?? address.description
            if let other = places[id] {
                faults.append(server.fault("the server id \"\(id.shortened)\" is taken at line \(other.line)"))
            }
            places[id] = server.source
            servers.append(
                ServerPlan(id: id, address: address, weight: server["weight"]?.integer ?? 1, source: server.source))
        }
        plan.upstreams.append(UpstreamPlan(name: reader["name"]?.text ?? "", servers: servers))
    }

    private mutating func read(listener reader: Reader, _ defaults: SessionsPlan) {
        let name = reader["name"]?.text ?? ""
        var sessions = sessions(reader["sessions"], defaults)
        if sessions.domain.isEmpty { sessions.domain = name }
        let bind = (reader["bind"]?.elements ?? []).compactMap { bind in bind.endpoint.map { Located($0, bind.source) }
        }
        plan.listeners.append(
            ListenerPlan(
                name: name, bind: bind, timeouts: timeouts(reader["timeouts"]), limits: limits(reader["limits"]),
                sessions: sessions, tls: tls(reader["tls"] ?? reader), upstream: reader["router"]?.text ?? ""))
    }

    private func timeouts(_ reader: Reader?) -> ListenerPlan.Timeouts {
        var timeouts = ListenerPlan.Timeouts()
        reader?["handshake"].read(into: &timeouts.handshake, \.duration)
        reader?["connect"].read(into: &timeouts.connect, \.duration)
        reader?["idle"].read(into: &timeouts.idle, \.duration)
        reader?["half_closed"].read(into: &timeouts.halfClosed, \.duration)
        reader?["shutdown"].read(into: &timeouts.shutdown, \.duration)
        return timeouts
    }

    private func limits(_ reader: Reader?) -> ListenerPlan.Limits {
        var limits = ListenerPlan.Limits()
        reader?["connections"].read(into: &limits.connections, \.integer)
        limits.connectionsSource = reader?["connections"]?.source
        reader?["handshakes"].read(into: &limits.handshakes, \.integer)
        limits.handshakesPerClient = reader?["handshakes_per_client"]?.integer
        reader?["handshake_rate"].read(into: &limits.handshakeRate, \.rate)
        reader?["per_client"].read(into: &limits.perClient, \.integer)
        reader?["relay_buffer"].read(into: &limits.relayBuffer, \.size)
        reader?["key_updates"].read(into: &limits.keyUpdates, \.rate)
        return limits
    }

    private mutating func tls(_ reader: Reader) -> TLSPlan {
        var plan = TLSPlan(source: reader.source)
        reader["profile"].read(into: &plan.profile) { $0.text.flatMap(TLSPlan.Profile.init) }
        plan.minimumVersion = reader["minimum_version"]?.located
        plan.maximumVersion = reader["maximum_version"]?.located
        plan.ciphers = reader["ciphers"]?.located
        plan.ciphersuites = reader["ciphersuites"]?.located
        plan.groups = reader["groups"]?.located
        plan.signatureAlgorithms = reader["signature_algorithms"]?.located
        plan.alpn = alpn(reader["alpn"])
        reader["unknown_names"].read(into: &plan.unknownNames) { $0.text.flatMap(TLSPlan.UnknownNames.init) }
        if plan.profile == .old, let profile = reader["profile"] {
            warnings.append(
                profile.fault("the profile old speaks TLS 1.0 at security level 0: for clients that cannot do better"))
        }
        plan.hosts = hosts(reader["hosts"]?.elements ?? [])
        return plan
    }

    private mutating func alpn(_ reader: Reader?) -> [String] {
        var seen: [String] = []
        for element in reader?.elements ?? [] {
            guard let text = element.text else { continue }
            if seen.contains(text) { faults.append(element.fault("\"\(text.shortened)\" is in the list already")) }
            seen.append(text)
        }
        return seen
    }

    private mutating func hosts(_ readers: [Reader]) -> [HostPlan] {
        var names: [NamePattern: Source] = [:]
        var ids: [String: Source] = [:]
        return readers.map { reader in
            var patterns: [NamePattern] = []
            var isFirstTaken = false
            for element in reader["names"]?.elements ?? [] {
                guard let pattern = element.text.flatMap(NamePattern.init) else { continue }
                if case .exact(let name) = pattern, IPAddress(parsing: name.text) != nil {
                    warnings.append(
                        element.fault("clients never send an address as a name (RFC 6066): no handshake asks for it"))
                }
                if let other = names[pattern] {
                    faults.append(element.fault("the name \(pattern) is taken by the host at line \(other.line)"))
                    if patterns.isEmpty { isFirstTaken = true }
                }
                names[pattern] = element.source
                patterns.append(pattern)
            }
            let id = reader["id"]?.text ?? patterns.first?.description ?? ""
            // An id that is the first name's has that name's fault.
            if let other = ids[id], !id.isEmpty, reader["id"] != nil || !isFirstTaken {
                faults.append((reader["id"] ?? reader).fault("the host id \"\(id)\" is taken at line \(other.line)"))
            }
            ids[id] = reader.source
            let certificates = (reader["certificates"]?.elements ?? []).compactMap(certificate)
            return HostPlan(
                id: id, names: patterns, certificates: certificates, clients: clients(reader["client_auth"]))
        }
    }

    private mutating func clients(_ reader: Reader?) -> ClientAuthenticationPlan? {
        guard let reader, let mode = reader["mode"]?.text.flatMap(ClientAuthenticationPlan.Mode.init) else {
            if let reader, let idle = ["ca", "crl", "depth", "names"].compactMap({ reader[$0] }).first {
                warnings.append(idle.fault("has no effect while client_auth.mode is none"))
            }
            return nil
        }
        guard let authorities = file(reader["ca"]) else {
            faults.append(
                reader.fault("client_auth.mode \(mode.rawValue) needs ca: whom the certificates must lead to"))
            return nil
        }
        return ClientAuthenticationPlan(
            source: reader.source, mode: mode, authorities: authorities, revocations: file(reader["crl"]),
            depth: reader["depth"]?.integer, names: (reader["names"]?.elements ?? []).compactMap(\.located))
    }

    private func certificate(_ reader: Reader) -> CertificatePlan? {
        guard let chain = file(reader["chain"]), let key = file(reader["key"]) else { return nil }
        return CertificatePlan(
            source: reader.source, chain: chain, key: key, passphraseFile: file(reader["passphrase_file"]),
            ocsp: file(reader["ocsp"]))
    }

    private func file(_ reader: Reader?) -> FileReference? {
        guard let reader, let text = reader.text, !text.isEmpty else { return nil }
        let path = text.hasPrefix("/") || directory == "." ? text : "\(directory)/\(text)"
        return FileReference(path: path, source: reader.source)
    }
}
