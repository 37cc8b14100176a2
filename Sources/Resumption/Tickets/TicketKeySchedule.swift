import RepriseVocabulary

/// Keys that follow each other in periods of equal length, two of them always made ahead of their period.
///
/// It depends only on the times passed to it, which may come in any order.
struct TicketKeySchedule: Sendable {
    /// By the beginning of their periods.
    private(set) var generations: [TicketGeneration] = []
    private(set) var rotation: TicketRotation
    /// Where one of the periods begins.
    private var origin: WallTime
    /// The time in which there is nothing to do.
    private var quiet: Range<WallTime>
    private let random: RandomBytes

    init(rotation: TicketRotation, at time: WallTime, random: @escaping RandomBytes) {
        self.rotation = rotation
        self.random = random
        (origin, quiet) = (time, time..<time)
    }

    /// Whether ``advance(to:clock:)`` would do nothing.
    func isQuiet(at time: WallTime) -> Bool { quiet.contains(time) }

    /// The key whose period it is; the schedule has been advanced to that time.
    func sealing(at time: WallTime) -> TicketKey? { generations.last { $0.seals(at: time) }?.key }

    /// The generation of that name.
    func generation(_ name: TicketKeyName) -> TicketGeneration? { generations.last { $0.key.name == name } }

    /// Makes the keys that this time needs and drops those no longer needed.
    ///
    /// - Returns: the names of the dropped.
    mutating func advance(to time: WallTime, clock: ClockBelief) -> [TicketKeyName] {
        let periods = provide(at: time)
        strand(at: time, beyond: periods.last ?? time)
        let dropped = drop(at: time, believed: clock.believed, keeping: periods)
        let changes = generations.flatMap { [$0.key.notBefore, $0.sealsUntil, $0.deadline] }
        let next = (changes + [clock.doubtedUntil].compactMap { $0 }).filter { $0 > time }.min()
        let current = generations.last { $0.seals(at: time) }
        quiet = max(current?.key.notBefore ?? time, quietFloor(at: time))..<max(next ?? time, time)
        return dropped
    }

    /// Changes the length of periods and the life of tickets; the schedule has been advanced to that time.
    ///
    /// A key that seals ends its period within one rotation of the new length, and those made ahead follow.
    mutating func reconfigure(_ new: TicketRotation, at time: WallTime) {
        let periods = periods(at: time)
        let isNewLength = new.rotate != rotation.rotate
        rotation = new
        for (step, index) in periods.enumerated() {
            if isNewLength, step == 0 {
                let generation = generations[index]
                origin = min(generation.sealsUntil, time.later(by: new.rotate))
                generations[index].seal(from: generation.key.notBefore, until: origin)
            } else if isNewLength {
                let start = origin.later(by: new.rotate * (step - 1))
                generations[index].seal(from: start, until: start.later(by: new.rotate))
            }
            generations[index].promise(new.ticketLifetime)
        }
        generations.sort { $0.key.notBefore < $1.key.notBefore }
        quiet = time..<time
    }

    /// The indices of the key that seals and of those that follow it, as far as there are any.
    private func periods(at time: WallTime) -> [Int] {
        var (found, moment): ([Int], WallTime) = ([], time)
        while found.count < 3, let index = generations.lastIndex(where: { $0.seals(at: moment) }) {
            found.append(index)
            moment = generations[index].sealsUntil
        }
        return found
    }

    /// Makes the missing ones of the key that seals and the two that follow it.
    ///
    /// - Returns: when their periods begin.
    private mutating func provide(at time: WallTime) -> [WallTime] {
        var (starts, moment): ([WallTime], WallTime) = ([], time)
        for step in 0..<3 {
            if !generations.contains(where: { $0.seals(at: moment) }) {
                let period = period(at: moment)
                // A key made ahead begins where the one before it ends, though lengths have changed in between.
                let start = step == 0 ? period.lowerBound : moment
                let new = TicketGeneration(
                    minting: random, from: start, until: period.upperBound, lifetime: rotation.ticketLifetime)
                let index = generations.firstIndex { $0.key.notBefore > start } ?? generations.endIndex
                generations.insert(new, at: index)
            }
            guard let index = generations.lastIndex(where: { $0.seals(at: moment) }) else { break }
            if step == 0 { generations[index].seal(lifetime: rotation.ticketLifetime) }
            starts.append(generations[index].key.notBefore)
            moment = generations[index].sealsUntil
        }
        return starts
    }

    /// The period that a time falls into: computed, not counted up to, so that years cost nothing.
    private func period(at time: WallTime) -> Range<WallTime> {
        let step = rotation.rotate.nanosecondsInFull
        let distance = time.wholeNanoseconds - origin.wholeNanoseconds
        let remainder = distance % step
        let start = time.wholeNanoseconds - (remainder < 0 ? remainder + step : remainder)
        return WallTime(wholeNanoseconds: start)..<WallTime(wholeNanoseconds: start + step)
    }

    private mutating func strand(at time: WallTime, beyond horizon: WallTime) {
        for index in generations.indices {
            guard generations[index].key.notBefore > horizon else {
                generations[index].strandedSince = nil
                continue
            }
            let since = generations[index].strandedSince ?? time
            generations[index].strandedSince = min(since, time)
        }
    }

    private mutating func drop(at time: WallTime, believed: WallTime, keeping periods: [WallTime]) -> [TicketKeyName] {
        var dropped: [TicketKeyName] = []
        generations.removeAll { generation in
            let isOver = generation.deadline <= min(believed, time)
            if isOver { dropped.append(generation.key.name) }
            return isOver
        }
        while generations.count > Limits.ticketKeysHeld {
            // Only a clock that leaps to and fro leads here: the key that ends first has the fewest tickets left.
            let spare = generations.indices.filter { !periods.contains(generations[$0].key.notBefore) }
            guard let index = spare.min(by: { generations[$0].deadline < generations[$1].deadline }) else { break }
            dropped.append(generations.remove(at: index).key.name)
        }
        return dropped
    }

    /// No time before this is quiet: there, stranded keys would look wrong, or a deadline would be undone.
    private func quietFloor(at time: WallTime) -> WallTime {
        generations.map(\.deadline).filter { $0 <= time }.max() ?? .distantPast
    }
}
