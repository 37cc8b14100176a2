import RepriseVocabulary

/// What a ``TicketKeyRing`` keeps under its lock; see there for what each call promises.
struct TicketKeyRingState: Sendable {
    private var rotation: TicketRotation
    private var clock: ClockBelief
    /// Where keys come from: from the schedule when there is one, else from files.
    private var schedule: TicketKeySchedule?
    private var fixed = FixedTicketKeys(keys: [])
    /// Keys of the source before, which only open.
    private var retired = FixedTicketKeys(keys: [])
    /// Names of keys that are gone, the oldest first.
    private var gone: [TicketKeyName] = []
    private let random: RandomBytes

    init(_ rotation: TicketRotation, at time: WallTime, random: @escaping RandomBytes) {
        self.rotation = rotation
        self.random = random
        clock = ClockBelief(at: time)
        schedule = TicketKeySchedule(rotation: rotation, at: time, random: random)
        advance(to: time)
    }

    mutating func sealing(at time: WallTime) -> TicketKey? {
        advance(to: time)
        return schedule == nil ? fixed.sealing(at: time) : schedule?.sealing(at: time)
    }

    mutating func opening(_ name: TicketKeyName, at time: WallTime) -> TicketKeyLookup {
        advance(to: time)
        return find(name, at: time)
    }

    /// What ``opening(_:at:)`` would find at that time, without changing the ring's time.
    func find(_ name: TicketKeyName, at time: WallTime) -> TicketKeyLookup {
        if let found = schedule?.generation(name) {
            guard time < found.deadline else { return .expired }
            let sealing = schedule?.sealing(at: time)
            return .found(found.key, isNewest: sealing.map { found.key.notBefore >= $0.notBefore } ?? true)
        }
        if let (key, isNewest) = fixed.find(name, at: time) {
            return time < key.notAfter ? .found(key, isNewest: isNewest) : .expired
        }
        if let (key, _) = retired.find(name, at: time) {
            return time < key.notAfter ? .found(key, isNewest: false) : .expired
        }
        return gone.contains(name) ? .expired : .unknown
    }

    mutating func advance(to time: WallTime) {
        let isQuiet = schedule?.isQuiet(at: time) ?? true
        if isQuiet, fixed.keys.isEmpty, retired.keys.isEmpty { return clock.pass(time) }
        clock.see(time, stride: schedule == nil ? .zero : rotation.rotate)
        if !isQuiet { forget(schedule?.advance(to: time, clock: clock) ?? []) }
        let past = min(clock.believed, time)
        if fixed.hasPast(past) { forget(fixed.drop(believed: past)) }
        if retired.hasPast(past) { forget(retired.drop(believed: past)) }
    }

    mutating func reconfigure(_ new: TicketRotation, at time: WallTime) {
        advance(to: time)
        let old = rotation
        rotation = new
        if schedule != nil {
            schedule?.reconfigure(new, at: time)
        } else {
            schedule = TicketKeySchedule(rotation: new, at: time, random: random)
            // We do not know which of them sealed, only that none seals after now.
            retire(fixed.keys, until: time.later(by: max(old.ticketLifetime, new.ticketLifetime)))
            fixed = FixedTicketKeys(keys: [])
        }
        advance(to: time)
    }

    mutating func replace(with keys: [TicketKey], at time: WallTime) {
        advance(to: time)
        for generation in schedule?.generations ?? [] {
            guard generation.hasSealed else { continue }
            retire([generation.key], until: time.later(by: generation.lifetime))
        }
        schedule = nil
        let kept = Set(keys.map(\.name))
        forget(fixed.keys.map(\.name).filter { !kept.contains($0) })
        fixed = FixedTicketKeys(keys: keys)
        advance(to: time)
    }

    mutating func snapshot(at time: WallTime) -> [TicketKeySnapshot] {
        advance(to: time)
        let sealing = (schedule == nil ? fixed.sealing(at: time) : schedule?.sealing(at: time))?.name
        let own = (schedule?.generations ?? []).map { ($0.key, $0.deadline, $0.strandedSince != nil) }
        let others = (fixed.keys + retired.keys).map { ($0, $0.notAfter, false) }
        return (others + own).map { key, deadline, isStranded in
            let role: TicketKeySnapshot.Role =
                if key.name == sealing {
                    .seals
                } else if deadline <= time {
                    .past
                } else {
                    key.notBefore > time && !isStranded ? .ahead : .opens
                }
            return TicketKeySnapshot(key, role)
        }
    }

    private mutating func retire(_ keys: [TicketKey], until end: WallTime) {
        let named = Set(keys.map(\.name))
        let dated = keys.map { key in
            var key = key
            key.notAfter = min(key.notAfter, end)
            return key
        }
        let all = retired.keys.filter { !named.contains($0.name) } + dated
        // Operators change a source by hand: many changes within one lifetime must not add up to any number of keys.
        let spare = max(0, all.count - Limits.ticketKeysHeld)
        forget(all.prefix(spare).map(\.name))
        retired = FixedTicketKeys(keys: Array(all.dropFirst(spare)))
    }

    private mutating func forget(_ names: [TicketKeyName]) {
        guard !names.isEmpty else { return }
        gone = Array((gone.filter { !names.contains($0) } + names).suffix(Limits.ticketKeyNamesKept))
    }
}
