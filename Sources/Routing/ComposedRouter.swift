package import RepriseVocabulary

/// A router of the configuration: steps that look at one property each, down to a group or a program's router.
package final class ComposedRouter: UpstreamRouter {
    /// Where a connection goes on.
    package indirect enum Step: Sendable {
        case group(UpstreamGroup)
        /// A program's router, by the name that it has in the configuration.
        case plugged(String, any UpstreamRouter)
        /// By the name that the client asks for: the names themselves, and the names behind `*.`.
        case name(exact: [String: Step], wildcard: [String: Step], default: Step?)
        /// By the application protocol that was agreed on.
        case applicationProtocol([String: Step], default: Step?)
        /// By the client's address: networks, the smallest first.
        case network([(network: IPNetwork, step: Step)], default: Step?)
        /// By the host that serves the client.
        case host([String: Step], default: Step)
    }

    private let first: Step
    /// The program's routers that it can lead to.
    private let plugged: [any UpstreamRouter]

    package init(_ first: Step) {
        self.first = first
        plugged = Dictionary(first.plugged, uniquingKeysWith: { first, _ in first }).map(\.value)
    }

    /// Whether it leads to none of a program's routers: then it costs no more than its tables.
    package var isBuiltIn: Bool { plugged.isEmpty }

    /// Follows the steps; what fits none of a step's routes is refused by the alert for that property.
    package func route(_ request: borrowing RouteRequest) -> RouteAnswer {
        var step = first
        while true {
            switch step {
            case .group(let group): return .now(Route(.found(group)))
            case .plugged(_, let router): return router.route(request)
            case .name(let exact, let wildcard, let fallback):
                let name = request.connection.serverName.flatMap { ServerName($0) }
                let found = name.flatMap { exact[$0.text] ?? $0.parent.flatMap { wildcard[$0] } }
                guard let next = found ?? fallback else { return .now(.refuse(.alert(.unrecognizedName))) }
                step = next
            case .applicationProtocol(let steps, let fallback):
                guard let next = request.connection.applicationProtocol.flatMap({ steps[$0] }) ?? fallback else {
                    return .now(.refuse(.alert(.noApplicationProtocol)))
                }
                step = next
            case .network(let steps, let fallback):
                let address = request.connection.client.address
                let found = address.flatMap { address in steps.first { $0.network.contains(address) }?.step }
                guard let next = found ?? fallback else { return .now(.refuse(.alert(.accessDenied))) }
                step = next
            case .host(let steps, let fallback):
                step = request.connection.host.flatMap { steps[$0] } ?? fallback
            }
        }
    }

    /// Tells the program's routers.
    package func connected(_ connection: borrowing ConnectionView) {
        for router in plugged { router.connected(connection) }
    }

    /// Tells the program's routers.
    package func failed(_ connection: borrowing ConnectionView, _ reason: ConnectFailure) {
        for router in plugged { router.failed(connection, reason) }
    }

    /// Tells the program's routers.
    package func ended(_ report: ConnectionReport) {
        for router in plugged { router.ended(report) }
    }
}

extension ComposedRouter.Step {
    /// The program's routers that it leads to, each as often as it is named.
    fileprivate var plugged: [(String, any UpstreamRouter)] {
        switch self {
        case .group: []
        case .plugged(let name, let router): [(name, router)]
        case .name(let exact, let wildcard, let fallback):
            Self.plugged(of: Array(exact.values) + Array(wildcard.values), fallback)
        case .applicationProtocol(let steps, let fallback): Self.plugged(of: Array(steps.values), fallback)
        case .network(let steps, let fallback): Self.plugged(of: steps.map(\.step), fallback)
        case .host(let steps, let fallback): Self.plugged(of: Array(steps.values), fallback)
        }
    }

    private static func plugged(of steps: [Self], _ fallback: Self?) -> [(String, any UpstreamRouter)] {
        steps.flatMap(\.plugged) + (fallback?.plugged ?? [])
    }
}
