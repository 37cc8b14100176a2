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

    /// Spreads work over threads: it calls `work` on each, which takes ranges until there is none left, and returns when
    /// all of them, from 0 to the count, are done.
    package typealias Spreading = (_ count: Int, _ work: @escaping @Sendable (_ take: () -> Range<Int>?) -> Void) ->
        Void

    /// Builds one SSL_CTX for each host (13 to 18 kB each).
    ///
    /// - Parameter spread: by which threads; on this one alone by default.
    package init(
        hosts: [HostDefinition], settings: ListenerTLSSettings, spread: Spreading = HostContexts.onThisThread
    ) throws(ContextError) {
        let protocols = try ApplicationProtocols(settings.alpn)
        self.protocols = protocols
        let built = Locked<[Result<HostContext, ContextError>?]>(Array(repeating: nil, count: hosts.count))
        spread(hosts.count) { take in
            while let range = take() {
                let part = range.map { Self.host(hosts[$0], settings, protocols) }
                built.withLock { $0.replaceSubrange(range, with: part) }
            }
        }
        var contexts = built.withLock { $0 }.makeIterator()
        var exact: [String: HostContext] = [:]
        var wildcards: [String: HostContext] = [:]
        var ids: Set<String> = []
        var first: HostContext?
        var terms: [HostTerms] = []
        for definition in hosts {
            guard ids.insert(definition.id).inserted else { throw .hostTwice(id: definition.id) }
            guard case .some(.some(let result)) = contexts.next() else {
                preconditionFailure("a host was left out")
            }
            let host = try result.get()
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

    /// The default of ``Spreading``.
    package static func onThisThread(_ count: Int, _ work: @escaping @Sendable (_ take: () -> Range<Int>?) -> Void) {
        var rest: Range<Int>? = 0..<count
        work {
            defer { rest = nil }
            return rest
        }
    }

    private static func host(
        _ definition: HostDefinition, _ settings: ListenerTLSSettings, _ protocols: ApplicationProtocols
    ) -> Result<HostContext, ContextError> {
        do throws(ContextError) {
            return .success(try HostContext(definition, settings: settings, protocols: protocols))
        } catch {
            return .failure(error)
        }
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
