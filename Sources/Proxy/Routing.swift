package import RepriseRouting

/// Where a listener's connections go.
package struct Routing: Sendable {
    /// The first step of each connection's way.
    let first: RoutingStep
    /// The groups that a program's router may name.
    let table: RouteTable
    /// Whether no program's router is asked.
    package let isBuiltIn: Bool
    /// Whether sessions may have to remember where their connections have gone.
    package let remembers: Bool

    /// Whether all connections go to one group, which no router was asked about.
    let isPlain: Bool

    package init(_ first: RoutingStep, _ table: RouteTable) {
        (self.first, self.table) = (first, table)
        let (groups, plugged) = first.reachable
        isBuiltIn = plugged.isEmpty
        isPlain = first.isGroup
        // A program's router may name any group.
        remembers = (isBuiltIn ? groups : Array(table.groups.values)).contains { $0.keepsAffinity }
    }

    /// All to one group.
    package static func group(_ group: UpstreamGroup) -> Routing {
        Routing(RoutingStep(.group(group)), RouteTable([group.name: group]))
    }
}
