internal import RepriseVocabulary
internal import Synchronization

/// Counts the stored sessions that clients got beyond `tickets.full` and `tickets.resumed` because they asked for them
/// (RFC 9149): one address gets a limited number within a session's lifetime, and cannot crowd others out of the store
/// by asking.
///
/// Addresses may share a counter by chance: then they get less, and never more.
final class TicketWishes: Sendable {
    private struct Counts {
        var slots = [UInt16](repeating: 0, count: ResumptionLimits.wishSlots)
        var end = WallTime.distantPast
    }

    private let counts = Locked<Counts?>(nil)
    private let cut = Atomic(0)

    /// How many tickets were asked for and not given.
    var left: Int { cut.load(ordering: .relaxed) }

    /// - Returns: how many of the wanted ones to give.
    func grant(_ wanted: Int, to client: IPAddress?, at now: WallTime, lifetime: Duration) -> Int {
        var hasher = Hasher()
        hasher.combine(client?.network)
        let slot = Int(UInt(bitPattern: hasher.finalize()) % UInt(ResumptionLimits.wishSlots))
        let given = counts.withLock { counts in
            var current = counts.take() ?? Counts()
            defer { counts = current }
            // After a clock has gone back by more than any lifetime the count begins anew.
            if now >= current.end || current.end > now.later(by: ResumptionLimits.longestLifetime) {
                current = Counts()
                current.end = now.later(by: lifetime)
            }
            let given = min(wanted, max(0, ResumptionLimits.wishShare - Int(current.slots[slot])))
            current.slots[slot] += UInt16(given)
            return given
        }
        if given < wanted { cut.wrappingAdd(wanted - given, ordering: .relaxed) }
        return given
    }
}
