internal import Configuration
internal import TLS

extension TLSSettings {
    /// The profile's settings with what the file overrides.
    init(_ plan: TLSPlan) {
        self.init(profile: Profile(plan.profile))
        if let version = plan.minimumVersion.flatMap({ TLSVersion(parsing: $0.value) }) { minimumVersion = version }
        if let version = plan.maximumVersion.flatMap({ TLSVersion(parsing: $0.value) }) { maximumVersion = version }
        if let list = plan.ciphers?.value { ciphers = list }
        if let list = plan.ciphersuites?.value { ciphersuites = list }
        if let list = plan.groups?.value { groups = list }
        if let list = plan.signatureAlgorithms?.value { signatureAlgorithms = list }
    }
}

extension TLSSettings.Profile {
    fileprivate init(_ profile: TLSPlan.Profile) {
        self =
            switch profile {
            case .modern: .modern
            case .intermediate: .intermediate
            case .old: .old
            }
    }
}

extension TLSPlan {
    /// The place of the option that a part of the settings came from.
    func source(of part: TLSSettings.Part) -> Source {
        switch part {
        case .versions: minimumVersion?.source ?? maximumVersion?.source ?? source
        case .ciphers: ciphers?.source ?? minimumVersion?.source ?? source
        case .ciphersuites: ciphersuites?.source ?? source
        case .groups: groups?.source ?? source
        case .signatureAlgorithms: signatureAlgorithms?.source ?? source
        }
    }
}

extension SessionSettings.Mode {
    init(_ mode: SessionsPlan.Mode) {
        self =
            switch mode {
            case .both: .both
            case .stateless: .stateless
            case .stateful: .stateful
            case .off: .off
            }
    }
}

extension WorkerCount {
    /// The number itself.
    func count(processors: Int) -> Int {
        switch self {
        case .auto: processors
        case .count(let count): count
        }
    }
}
