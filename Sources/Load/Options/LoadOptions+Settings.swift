internal import RepriseVocabulary

extension LoadOptions {
    /// What a report says of what was run, beside its target: what two runs must have in common to be compared.
    package func settings(_ plan: LoadPlan) -> [String: String] {
        var settings: [String: String] = [
            "loop": plan.pace.description, "connections": "\(plan.clients)", "threads": "\(plan.threads)",
            "handshake": plan.handshake.description, "close": plan.close.description,
        ]
        func note(_ name: String, _ value: String?) { if let value { settings[name] = value } }
        note("session", choice == Mix(.newest) ? nil : choice.description)
        note("session-lifetime", lifetime.map { ReportUnits.seconds($0.seconds) })
        note("sni", names.isEmpty ? nil : names.count > 3 ? "\(names.count) names" : names.joined(separator: ","))
        note("sni-mix", nameChoice == .uniform ? nil : "\(nameChoice)")
        note("peer", peers.isEmpty ? nil : peers.joined(separator: ","))
        note("proxy-protocol", header)
        note("source", sources.isEmpty ? nil : sources.joined(separator: ","))
        switch plan.errand.task {
        case .nothing: break
        case .requests(_, let count, let pause):
            note("requests", "\(count)")
            note("pause", pause > .zero ? ReportUnits.time(pause.seconds * 1e6) : nil)
            note("header", fields.isEmpty ? nil : fields.map { String($0.prefix { $0 != ":" }) }.joined(separator: ","))
        case .transfer(let up, let down):
            note("up", "\(up)")
            note("down", "\(down)")
        }
        note("idle", idle > .zero ? ReportUnits.time(idle.seconds * 1e6) : nil)
        note("find-limit", search?.description)
        note("at", events.isEmpty ? nil : events.map(\.command).joined(separator: "; "))
        note("tls", tls.versionWord)
        note("ciphers", tls.ciphers)
        note("ciphersuites", tls.ciphersuites)
        note("groups", tls.groups)
        note("signature-algorithms", tls.signatureAlgorithms)
        note("security-level", tls.securityLevel.map { "\($0)" })
        note("alpn", tls.alpn.isEmpty ? nil : tls.alpn.joined(separator: ","))
        note("cert", tls.certificate)
        note("verification", tls.isInsecure ? "none" : nil)
        return settings
    }
}

extension Mix: CustomStringConvertible {
    /// As it is written.
    package var description: String {
        parts.count == 1
            ? parts[0].kind.word : parts.map { "\($0.kind.word):\($0.share.short)" }.joined(separator: ",")
    }
}

extension LoadPlan.Pace: CustomStringConvertible {
    /// For people.
    package var description: String {
        guard case .open(let profile, let arrivals) = self else { return "closed" }
        let rates = profile.rates.map { rate in
            rate.ramp == .zero
                ? ReportUnits.rate(rate.from)
                : "\(rate.from.short)..\(rate.to.short)/s over \(ReportUnits.seconds(rate.ramp.seconds))"
                    + (rate.steps > 0 ? " in \(rate.steps) steps" : "")
        }
        return "open, \(rates.joined(separator: ", then "))\(arrivals == .poisson ? " by chance" : "")"
    }
}

extension NameChoice: CustomStringConvertible {
    /// As it is written.
    package var description: String {
        switch self {
        case .uniform: "uniform"
        case .zipf(let exponent): "zipf:\(exponent.short)"
        }
    }
}
