internal import RepriseVocabulary
internal import Synchronization

/// How many connections each server of a group has, over all workers and all generations of the configuration: one for each
/// name of a group, which a reload does not change.
package final class GroupLoads: Sendable {
    private let table = Locked(LoadTable())
    /// How many turns of round robin were taken.
    let turns = Atomic<Int>(0)

    /// Without servers.
    package init() {}

    /// Chooses and counts in one step.
    func withTable<Result>(_ body: (inout LoadTable) -> Result) -> Result { table.withLock(body) }

    /// Connections that are open or being made, those of servers that have gone too.
    package var connections: Int { withTable { $0.load } }

    /// Whether no generation of the group is left.
    package var isUnused: Bool { withTable { $0.isUnused } }
}
