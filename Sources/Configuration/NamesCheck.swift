internal import RepriseVocabulary

/// Checks within one listener or one group: names that are taken, and options that need each other.
struct NamesCheck {
    private(set) var faults: [Fault] = []
    private(set) var warnings: [Fault] = []

    init() {}

    mutating func check(_ root: Reader) {
        for upstream in root["upstreams"]?.elements ?? [] { check(servers: upstream["servers"]?.elements ?? []) }
        for listener in root["listeners"]?.elements ?? [] { if let tls = listener["tls"] { check(tls: tls) } }
    }

    private mutating func check(servers: [Reader]) {
        var places: [String: Source] = [:]
        for server in servers {
            let text = (server.isMapping ? server["address"] : server)?.text
            guard let address = text.flatMap(ServerAddress.init(parsing:)) else { continue }
            let id = server["id"]?.text ?? address.description
            if let other = places[id] {
                faults.append(server.fault("the server id \"\(id.shortened)\" is taken at line \(other.line)"))
            }
            places[id] = server.source
        }
    }

    private mutating func check(tls: Reader) {
        if let profile = tls["profile"], profile.text == TLSProfile.old.rawValue {
            warnings.append(
                profile.fault("the profile old speaks TLS 1.0 at security level 0: for clients that cannot do better"))
        }
        check(protocols: tls["alpn"]?.elements ?? [])
        check(hosts: tls["hosts"]?.elements ?? [])
    }

    private mutating func check(protocols: [Reader]) {
        var seen: Set<String> = []
        for element in protocols {
            guard let text = element.text, !seen.insert(text).inserted else { continue }
            faults.append(element.fault("\"\(text.shortened)\" is in the list already"))
        }
    }

    private mutating func check(hosts: [Reader]) {
        var names: [NamePattern: Source] = [:]
        var ids: [String: Source] = [:]
        for host in hosts {
            var first: NamePattern?
            var isFirstTaken = false
            for element in host["names"]?.elements ?? [] {
                guard let pattern = element.text.flatMap(NamePattern.init) else { continue }
                if case .exact(let name) = pattern, IPAddress(parsing: name.text) != nil {
                    warnings.append(
                        element.fault("clients never send an address as a name (RFC 6066): no handshake asks for it"))
                }
                if let other = names[pattern] {
                    faults.append(element.fault("the name \(pattern) is taken by the host at line \(other.line)"))
                    if first == nil { isFirstTaken = true }
                }
                names[pattern] = element.source
                first = first ?? pattern
            }
            let id = host["id"]?.text ?? first?.description ?? ""
            // An id that comes from the first name already has that name's fault.
            if let other = ids[id], !id.isEmpty, host["id"] != nil || !isFirstTaken {
                faults.append((host["id"] ?? host).fault("the host id \"\(id)\" is taken at line \(other.line)"))
            }
            ids[id] = host.source
            if let clients = host["client_auth"] { check(clients: clients) }
        }
    }

    private mutating func check(clients: Reader) {
        guard let mode = clients["mode"]?.text.flatMap(ClientAuthenticationPlan.Mode.init), mode != .none else {
            if let idle = ["ca", "crl", "depth", "names"].compactMap({ clients[$0] }).first {
                warnings.append(idle.fault("has no effect while client_auth.mode is none"))
            }
            return
        }
        if clients["ca"]?.reference == nil {
            faults.append(
                clients.fault("client_auth.mode \(mode.rawValue) needs ca: whom the certificates must lead to"))
        }
    }
}
