internal import RepriseConfiguration
internal import RepriseTLS
internal import RepriseVocabulary

extension TLSSettings {
    /// The profile's settings with what the file overrides.
    init(_ plan: some TLSWords) {
        self = plan.profile.settings
        if let version = plan.minimumVersion?.value { minimumVersion = version }
        if let version = plan.maximumVersion?.value { maximumVersion = version }
        if let list = plan.ciphers?.value { ciphers = list }
        if let list = plan.ciphersuites?.value { ciphersuites = list }
        if let list = plan.groups?.value { groups = list }
        if let list = plan.signatureAlgorithms?.value { signatureAlgorithms = list }
    }
}

extension ListenerTLSSettings {
    /// A listener's settings.
    init(_ listener: ListenerPlan) {
        let plan = listener.sessions
        self.init(
            tls: TLSSettings(listener.tls), alpn: listener.tls.alpn,
            rejectsUnknownNames: listener.tls.unknownNames == .reject,
            sessions: SessionSettings(
                mode: plan.mode, ticketsFull: plan.tickets.full,
                ticketsResumed: plan.tickets.resumed, isSingleUse: plan.isSingleUse, domain: plan.domain))
    }
}

extension TLSWords {
    /// The place of the option that a part of the settings came from.
    func source(of part: TLSSettingsPart) -> Source {
        switch part {
        case .versions: minimumVersion?.source ?? maximumVersion?.source ?? source
        case .ciphers: ciphers?.source ?? minimumVersion?.source ?? source
        case .ciphersuites: ciphersuites?.source ?? source
        case .groups: groups?.source ?? source
        case .signatureAlgorithms: signatureAlgorithms?.source ?? source
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
