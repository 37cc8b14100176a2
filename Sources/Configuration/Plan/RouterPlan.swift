package import RepriseVocabulary

/// A router of the configuration: where connections go by one property of theirs.
package struct RouterPlan: Sendable, Hashable {
    /// The property that it looks at.
    package enum Field: String, Sendable, CaseIterable {
        /// The name that the client asks for; an exact one comes before a wildcard.
        case sni
        /// The application protocol that was agreed on.
        case alpn
        /// The client's address; of several networks the smallest counts.
        case network
        /// The client's certificate; the first name in the file that it has counts.
        case certificate = "client_certificate"
    }

    /// One of its routes.
    package struct Rule: Sendable, Hashable {
        package let field: Field
        package let key: String
        /// An upstream group's or another router's name.
        package let target: String
        /// How servers there are told who the client is; `nil` leaves it to them.
        package var sendProxy: ProxyProtocolVersion?
        /// How servers there are spoken TLS to; `nil` leaves it to them.
        package var tls: UpstreamTLSPlan?
    }

    /// The key of the route for what no other key fits.
    package static let fallback = "default"

    package var name = ""
    /// The shared object that it is in, instead of rules.
    package var library: FileReference?
    /// What the shared object is told.
    package var argument = ""
    package var rules: [Rule] = []
}

/// Where a route leads, and what is particular to it.
struct RouteTargetPlan {
    var name = ""
    var sendProxy: ProxyProtocolVersion?
    var tls: UpstreamTLSPlan?
}

extension Plan {
    /// The routes that say how servers are spoken TLS to, in the order of the file.
    package var encryptedRoutes: [(target: String, tls: UpstreamTLSPlan)] {
        routers.flatMap(\.rules).compactMap { rule in rule.tls.map { (rule.target, $0) } }
    }
}
