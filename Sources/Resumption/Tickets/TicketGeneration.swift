import RepriseVocabulary

/// A key of a ring that rotates by itself, and its times.
struct TicketGeneration: Sendable {
    private(set) var key: TicketKey
    /// When the next one takes its place.
    private(set) var sealsUntil: WallTime
    /// How long its tickets may live: the longest lifetime set while it sealed.
    private(set) var lifetime: Duration
    /// Whether tickets of it may exist.
    private(set) var hasSealed = false
    /// When the clock was set back and left its period in a future too far to wait for.
    var strandedSince: WallTime?

    init(minting random: RandomBytes, from start: WallTime, until end: WallTime, lifetime: Duration) {
        key = TicketKey(minting: random, notBefore: start, notAfter: end.later(by: lifetime))
        sealsUntil = end
        self.lifetime = lifetime
    }

    /// Whether this key seals.
    func seals(at time: WallTime) -> Bool { key.notBefore <= time && time < sealsUntil }

    /// When it is of no more use. After the clock was set back, its tickets age all the same.
    var deadline: WallTime { strandedSince?.later(by: lifetime) ?? key.notAfter }

    /// Notes that it seals from now on.
    mutating func seal(lifetime: Duration) {
        hasSealed = true
        promise(lifetime)
    }

    /// Gives its tickets this lifetime; never less than existing ones have.
    mutating func promise(_ lifetime: Duration) {
        self.lifetime = hasSealed ? max(self.lifetime, lifetime) : lifetime
        key.notAfter = sealsUntil.later(by: self.lifetime)
    }

    /// Moves its period.
    mutating func seal(from start: WallTime, until end: WallTime) {
        key.notBefore = start
        sealsUntil = end
        key.notAfter = end.later(by: lifetime)
    }
}
