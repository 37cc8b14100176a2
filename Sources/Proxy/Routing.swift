package import RepriseRouting
internal import RepriseVocabulary

/// Where a listener's connections go.
package enum Routing: Sendable {
    /// All to one group.
    case group(UpstreamGroup)
    /// Where a router says, among those groups.
    case router(PluggedRouter, RouteTable)

    /// Whether no program's router is asked.
    package var isBuiltIn: Bool { if case .router(let plugged, _) = self { plugged.isBuiltIn } else { true } }

    /// Whether sessions may have to remember where their connections have gone.
    package var remembers: Bool {
        switch self {
        case .group(let group): group.keepsAffinity
        case .router(_, let table): table.groups.values.contains { $0.keepsAffinity }
        }
    }

    var router: (any UpstreamRouter)? { if case .router(let plugged, _) = self { plugged.router } else { nil } }
}

/// A router with its name in the configuration.
package final class PluggedRouter: Sendable {
    let name: String
    let router: any UpstreamRouter
    /// Whether it costs no more than its tables, and need not be measured.
    let isBuiltIn: Bool
    private let warned = Locked<Instant?>(nil)

    /// How often one router is warned of at most.
    static let warningInterval = Duration.seconds(60)

    package init(_ name: String, _ router: any UpstreamRouter) {
        (self.name, self.router) = (name, router)
        isBuiltIn = (router as? ComposedRouter)?.isBuiltIn ?? false
    }

    /// Whether a warning about it is due, and counts as given.
    func mayWarn(at now: Instant) -> Bool {
        warned.withLock { last in
            if let last, now - last < Self.warningInterval { return false }
            last = now
            return true
        }
    }
}
