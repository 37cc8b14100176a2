package import RepriseResumption
package import RepriseTLS
internal import RepriseVocabulary

/// How we speak TLS to a server: the settings, shared by all workers, and by which names it is spoken to.
package final class UpstreamTLS: Sendable {
    /// What the server is asked for (SNI).
    package enum Asked: Sendable, Hashable {
        case name(String)
        /// What the client has asked us for.
        case client
        case nothing
    }

    let context: ClientContext
    let asked: Asked
    let verified: String?
    private let policy: [UInt8]
    /// Where sessions are kept, and on which terms; `nil` where none is resumed.
    let sessions: (store: UpstreamSessions, terms: UpstreamSessions.Terms)?
    package let seen: UpstreamSeen
    private let lastKey = Locked<LastKey?>(nil)

    /// - Parameters:
    ///   - verified: what its certificate must be for; `nil` for the name that it is asked for.
    ///   - policy: a digest of the context's settings (``ClientSettings/fingerprint``).
    ///   - seen: gets to know what handshakes lead to.
    /// - Throws: ``ClientError/badServerName(_:)`` for a name that no connection could ask for, and what libssl lacks.
    package init(
        _ context: ClientContext, asked: Asked, verified: String? = nil, policy: [UInt8] = [],
        sessions: (store: UpstreamSessions, terms: UpstreamSessions.Terms)? = nil, seen: UpstreamSeen = UpstreamSeen()
    ) throws(ClientError) {
        (self.context, self.asked, self.verified, self.policy) = (context, asked, verified, policy)
        self.sessions = sessions.flatMap { sessions in
            var sessions = sessions
            sessions.terms.areNamesOfClients = asked == .client
            return sessions.terms.keep > 0 ? sessions : nil
        }
        self.seen = seen
        let trial = try ClientConnection(context: context, output: OutputBuffer(), names: names(for: "client.test"))
        trial.stream.close()
    }

    /// Under what its sessions are found again.
    func key(at endpoint: Endpoint, _ names: ClientConnection.ServerNames) -> UpstreamSessionKey {
        lastKey.withLock { last in
            if let last, last.endpoint == endpoint, last.names == names { return last.key }
            let key = UpstreamSessionKey(
                policy: policy, endpoint: endpoint, asked: names.asked, verified: names.verified)
            last = LastKey(endpoint: endpoint, names: names, key: key)
            return key
        }
    }

    /// A server most often has one address and one name, and a digest costs as much as a hundredth of a handshake.
    private struct LastKey: Sendable {
        let endpoint: Endpoint
        let names: ClientConnection.ServerNames
        let key: UpstreamSessionKey
    }

    /// Whether the server can be spoken to without a client, whose name alone may say what its certificate must be for.
    var needsNoClient: Bool { asked != .client || verified != nil || !context.verifies }

    /// By which names a server is spoken to for a client.
    ///
    /// - Parameter client: what the client has asked us for; `nil` for a health check's.
    package func names(for client: String?) -> ClientConnection.ServerNames {
        switch asked {
        case .name(let name): .init(asked: name, verified: verified)
        case .client: .init(asked: client ?? verified, verified: verified)
        case .nothing: .init(asked: nil, verified: verified)
        }
    }
}

/// How the servers of upstream groups are spoken to: in plaintext, unless TLS is said.
package struct UpstreamTransports: Sendable {
    /// By the group's name and the server's index.
    private let groups: [String: [UpstreamTLS?]]
    /// The same for routes that say otherwise, by their number.
    private let routes: [Int: [String: [UpstreamTLS?]]]
    private let others: UpstreamTLS?

    /// - Parameter others: for groups that are not named.
    package init(
        _ groups: [String: [UpstreamTLS?]] = [:], routes: [Int: [String: [UpstreamTLS?]]] = [:],
        others: UpstreamTLS? = nil
    ) {
        (self.groups, self.routes, self.others) = (groups, routes, others)
    }

    /// What is known of TLS with a server, be it that only routes speak it; `nil` for plaintext.
    package func seen(_ group: String, _ server: Int) -> UpstreamSeen? {
        let ways = [groups[group]] + routes.keys.sorted().map { routes[$0]?[group] }
        return ways.lazy.compactMap { $0.flatMap { $0.indices.contains(server) ? $0[server] : nil } }.first?.seen
    }

    /// `nil` for plaintext.
    ///
    /// - Parameter route: the number of a route that says otherwise.
    package subscript(_ group: String, _ server: Int, by route: Int? = nil) -> UpstreamTLS? {
        guard let group = route.flatMap({ routes[$0]?[group] }) ?? groups[group] else { return others }
        return group.indices.contains(server) ? group[server] : nil
    }
}
