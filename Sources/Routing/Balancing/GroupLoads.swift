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

    /// What its connections may spend on tries after the first.
    let budget = Locked(RetryBudget())
    /// Who waits for a server.
    package let room = WaitingRoom()
    private let observer = Locked<(@Sendable (ServerChange) -> Void)?>(nil)

    /// Has `body` told of each server that changes its state, on the thread that finds it out.
    package func observe(_ body: @escaping @Sendable (ServerChange) -> Void) { observer.withLock { $0 = body } }

    func tell(_ change: ServerChange) { observer.withLock { $0 }?(change) }

    /// Chooses and counts in one step.
    func withTable<Result>(_ body: (inout LoadTable) -> Result) -> Result { table.withLock(body) }

    /// Connections that are open or being made, those of servers that have gone too.
    package var connections: Int { withTable { $0.load } }

    /// Whether no generation of the group is left.
    package var isUnused: Bool { withTable { $0.isUnused } }
}
