internal import RepriseVocabulary

/// Checks what is said of TLS towards servers: names that are none, files that go together, protection that is not there.
struct UpstreamTLSCheck {
    private(set) var faults: [Fault] = []
    private(set) var warnings: [Fault] = []

    mutating func check(_ plan: Plan) {
        for upstream in plan.upstreams {
            if let tls = upstream.tls { check(tls) }
            for server in upstream.servers {
                if let tls = server.tls { check(tls) }
                guard let tls = upstream.tls(of: server) else { continue }
                checkNames(tls, of: server, upstream)
            }
        }
        for (target, tls) in plan.encryptedRoutes {
            check(tls)
            guard let upstream = plan.upstreams.first(where: { $0.name == target }) else {
                fault(tls.source, "only a route that leads to an upstream group says how its servers are spoken TLS to")
                continue
            }
            for server in upstream.servers { checkNames(tls, of: server, upstream, isChecked: false) }
        }
        (faults, warnings) = (Set(faults).sorted(), Set(warnings).sorted())
    }

    private mutating func check(_ tls: UpstreamTLSPlan) {
        if let name = tls.serverName, ![UpstreamTLSPlan.nameOfClient, UpstreamTLSPlan.noName].contains(name.value) {
            checkName(name)
        }
        if let name = tls.verifiedName, ServerName(name.value) == nil, IPAddress(parsing: name.value) == nil {
            fault(name.source, "expected a host name or an address, found \"\(name.value)\"")
        }
        switch (tls.certificate, tls.key) {
        case (let certificate?, nil): fault(certificate.source, "needs the `key` of the certificate")
        case (nil, let key?): fault(key.source, "needs the `certificate` of the key")
        case (nil, nil):
            if let file = tls.passphraseFile { warn(file.source, "has no effect without a `key`") }
        case (_?, _?): break
        }
        if tls.verification == .required {
            if let lists = tls.revocations, tls.authorities == nil {
                fault(lists.source, "needs a `ca` with the authorities that have signed the lists")
            }
            return
        }
        warn(
            tls.source,
            "verify: none: anyone on the way to these servers can pose as them, and read and change everything")
        for source in [tls.authorities?.source, tls.revocations?.source, tls.verifiedName?.source] {
            if let source { warn(source, "has no effect with verify: none") }
        }
    }

    private mutating func checkName(_ name: Located<String>) {
        if IPAddress(parsing: name.value) != nil {
            fault(
                name.source, "addresses are not sent as names (RFC 6066 §3): write `verify_name` and server_name: none")
        } else if ServerName(name.value) == nil {
            fault(name.source, "expected a host name, client or none, found \"\(name.value)\"")
        }
    }

    /// - Parameter isChecked: whether health checks speak to the server so, too.
    private mutating func checkNames(
        _ tls: UpstreamTLSPlan, of server: ServerPlan, _ upstream: UpstreamPlan, isChecked: Bool = true
    ) {
        guard tls.verification == .required else { return }
        let names = tls.names(of: server.address)
        if tls.serverName?.value == UpstreamTLSPlan.nameOfClient {
            guard names.verified == nil, let health = upstream.health, isChecked && server.isChecked, health.kind.speaks
            else {
                return
            }
            return fault(
                tls.source,
                "health checks of \(server.id) have no client, and so no name: write `verify_name`")
        }
        guard names.verified == nil else { return }
        fault(
            tls.source,
            "the server \(server.id) has no name that its certificate could be for: write `server_name` or `verify_name`"
        )
    }

    private mutating func fault(_ source: Source, _ message: String) {
        faults.append(Fault(source: source, message: message))
    }

    private mutating func warn(_ source: Source, _ message: String) {
        warnings.append(Fault(source: source, message: message))
    }
}

extension HealthPlan.Kind {
    /// Whether such a check speaks TLS to a server that does.
    fileprivate var speaks: Bool { self == .tls || self == .http }
}
