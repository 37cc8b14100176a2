/// Whose word about its clients a listener takes (the PROXY protocol, section 2).
package struct ProxyAcceptance: Sendable, Hashable {
    /// Whether proxies say who the client is.
    package enum Mode: String, Sendable, CaseIterable { case off, optional, required }

    package var mode = Mode.off
    /// The proxies that are believed.
    package var trusted: [TrustedProxies] = []

    package init() {}

    /// What a connection begins with.
    package enum Expectation: Sendable, Hashable {
        case tls
        case header
        /// A header, or TLS at once.
        case either
        /// Nothing: its peer would have to be trusted.
        case nothing
    }

    /// What a connection from a peer begins with: the header of one that is not trusted is not believed.
    package func expectation(of peer: Endpoint) -> Expectation {
        switch mode {
        case .off: .tls
        case .optional: trusts(peer) ? .either : .tls
        case .required: trusts(peer) ? .header : .nothing
        }
    }

    private func trusts(_ peer: Endpoint) -> Bool { trusted.contains { $0.contains(peer) } }
}

/// Proxies that are believed.
package enum TrustedProxies: Sendable, Hashable {
    case network(IPNetwork)
    /// All that connect to a Unix socket, whose file's rights decide who can.
    case unix

    private static let unixWord = "unix"

    /// Reads `10.0.0.0/8`, an address, or `unix`; `nil` for anything else.
    package init?(parsing text: String) {
        if text == Self.unixWord {
            self = .unix
        } else if let network = IPNetwork(parsing: text) {
            self = .network(network)
        } else {
            return nil
        }
    }

    func contains(_ peer: Endpoint) -> Bool {
        switch (self, peer) {
        case (.unix, .unix): true
        case (.network(let network), .ip(let address, _)): network.contains(address)
        case (.unix, .ip), (.network, .unix): false
        }
    }
}

extension TrustedProxies: CustomStringConvertible {
    package var description: String {
        switch self {
        case .network(let network): network.description
        case .unix: Self.unixWord
        }
    }
}

/// What the beginning of a connection said of its client.
package enum ProxyHeaderKind: Int, ClosedList {
    case client, local, unknown, none

    package static let title = "Kinds of PROXY protocol headers"

    package var text: (word: String, meaning: String) {
        switch self {
        case .client: ("client", "The header named the client's address.")
        case .local: ("local", "The connection was the balancer's own, as its health checks are (LOCAL).")
        case .unknown: ("unknown", "The header said that the client's address is not known (UNKNOWN, AF_UNSPEC).")
        case .none: ("none", "No header came, and TLS began at once, as `proxy_protocol: optional` allows.")
        }
    }

    package init(_ header: ProxyHeader?) {
        switch header?.origin {
        case .client: self = .client
        case .local: self = .local
        case .unknown: self = .unknown
        case nil: self = .none
        }
    }
}
