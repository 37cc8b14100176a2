internal import Synchronization

/// How many reads of a configuration are under way, those too that nobody waits for any more.
final class Loads: Sendable {
    private let count = Atomic(0)

    /// One that hangs keeps others from hanging in the same place.
    var areUnderWay: Bool { count.load(ordering: .acquiring) > 0 }

    func begin() { count.wrappingAdd(1, ordering: .acquiringAndReleasing) }

    func end() { count.wrappingSubtract(1, ordering: .acquiringAndReleasing) }
}
