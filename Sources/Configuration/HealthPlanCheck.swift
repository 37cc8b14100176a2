internal import RepriseVocabulary

/// Checks what is said of servers' health: questions that ask nothing, words that end a request's line.
struct HealthPlanCheck {
    private(set) var faults: [Fault] = []
    private(set) var warnings: [Fault] = []

    /// Which keys belong to which type alone.
    private static let owners: [(key: String, kind: HealthPlan.Kind)] = [
        ("path", .http), ("host", .http), ("status", .http), ("body", .http), ("command", .exec),
    ]

    mutating func check(_ root: Reader) {
        for upstream in root["upstreams"]?.elements ?? [] {
            if let health = upstream["health"], health.isMapping { checkQuestion(health) }
            checkEjection(upstream["eject"])
            checkBackups(upstream["servers"])
            guard upstream["health"] == nil else { continue }
            for server in upstream["servers"]?.elements ?? [] {
                if let checked = server["health"] {
                    warnings.append(checked.fault("has no effect: the group has no health checks"))
                }
            }
        }
    }

    private mutating func checkQuestion(_ health: Reader) {
        let kind = health["type"].map { $0.text.flatMap(HealthPlan.Kind.init) } ?? .tcp
        // A type that is none is a fault already.
        guard let kind else { return }
        for (key, owner) in Self.owners where owner != kind {
            if let value = health[key] { warnings.append(value.fault("has no effect with type: \(kind.rawValue)")) }
        }
        if kind == .exec {
            if health["command"]?.elements.isEmpty ?? true, health["command"]?.isDamaged != true {
                faults.append(health.fault("type: exec needs a command"))
            }
            for key in ["port", "send_proxy"] {
                if let value = health[key] { warnings.append(value.fault("has no effect with type: exec")) }
            }
        }
        guard kind == .http else { return }
        if let path = health["path"], let text = path.text, !text.hasPrefix("/") || !Self.fitsInALine(text) {
            faults.append(path.fault("expected a path of a URL, which begins with \"/\" and has no spaces"))
        }
        if let host = health["host"], let text = host.text, !Self.fitsInALine(text) {
            faults.append(host.fault("expected a Host without spaces"))
        }
    }

    /// Whether a text can stand within a line of HTTP/1.1.
    private static func fitsInALine(_ text: String) -> Bool { text.utf8.allSatisfy { (0x21...0x7e).contains($0) } }

    private mutating func checkEjection(_ eject: Reader?) {
        guard let eject, let longest = eject["longest"], let most = longest.duration else { return }
        let time = eject["time"].map(\.duration) ?? EjectionRule().base
        if let time, most < time {
            warnings.append(longest.fault("is shorter than eject.time: no server stays out for longer"))
        }
    }

    private mutating func checkBackups(_ servers: Reader?) {
        guard let servers, !servers.elements.isEmpty,
            servers.elements.allSatisfy({ $0["backup"]?.boolean == true })
        else { return }
        warnings.append(servers.fault("are all backups: none of them is a backup then"))
    }
}
