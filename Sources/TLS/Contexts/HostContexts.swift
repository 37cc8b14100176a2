package import RepriseVocabulary

/// The hosts of one listener: built once, immutable, shared by all workers.
package final class HostContexts: Sendable {
    /// A host found for a name.
    struct Match {
        let host: HostContext
        /// Whether one of its names is the one asked for; else it is the default, the first host.
        let isByName: Bool
    }

    /// Referred to by the hosts' SSL_CTX, so it must live as long as they do.
    let protocols: ApplicationProtocols
    private let first: HostContext
    /// What each host takes, in the order of the file.
    package let terms: [HostTerms]
    private let exact: [String: HostContext]
    private let wildcards: [String: HostContext]

    /// Builds one SSL_CTX for each host (13 to 18 kB each).
    package init(hosts: [HostDefinition], settings: ListenerTLSSettings) throws(ContextError) {
        protocols = try ApplicationProtocols(settings.alpn)
        var exact: [String: HostContext] = [:]
        var wildcards: [String: HostContext] = [:]
        var ids: Set<String> = []
        var first: HostContext?
        var terms: [HostTerms] = []
        for definition in hosts {
            guard ids.insert(definition.id).inserted else { throw .hostTwice(id: definition.id) }
            let host = try HostContext(definition, settings: settings, protocols: protocols)
            first = first ?? host
            terms.append(HostTerms(host, settings))
            for name in definition.names {
                let old =
                    switch name {
                    case .exact(let name): exact.updateValue(host, forKey: name.text)
                    case .wildcard(let parent): wildcards.updateValue(host, forKey: parent.text)
                    }
                if let old { throw .nameTwice(name, first: old.id, second: host.id) }
            }
        }
        guard let first else { throw .noHosts }
        self.first = first
        self.terms = terms
        self.exact = exact
        self.wildcards = wildcards
    }

    /// The host that serves clients that name none, or one that no host answers to.
    var defaultMatch: Match { Match(host: first, isByName: false) }

    /// The host that answers to the name: exactly, or by a wildcard for its first label.
    func host(for name: ServerName) -> Match? {
        if let host = exact[name.text] { return Match(host: host, isByName: true) }
        // An address has no label that a star could stand for.
        guard let parent = name.parent, let host = wildcards[parent], IPAddress(parsing: name.text) == nil else {
            return nil
        }
        return Match(host: host, isByName: true)
    }
}

/// One host of a listener, before its context is built.
package struct HostDefinition: Sendable {
    /// Its identity, which sessions are bound to (design decision D6).
    package let id: String
    package let names: [NamePattern]
    /// One for each family of keys; libssl picks by what the client can verify.
    package let certificates: [ServerCertificate]
    /// What it demands of clients' certificates; `nil`: it asks for none.
    package let clients: ClientAuthentication?

    package init(
        id: String, names: [NamePattern], certificates: [ServerCertificate], clients: ClientAuthentication? = nil
    ) {
        self.id = id
        self.names = names
        self.certificates = certificates
        self.clients = clients
    }
}
