import RepriseVocabulary

/// A key of a ring that rotates by itself, and when it does what.
struct TicketGeneration: Sendable {
    private(set) var key: TicketKey
    /// When the next one takes its place.
    private(set) var sealsUntil: WallTime
    /// How long what it sealed may live, by the longest lifetime while it did.
    private(set) var lifetime: Duration
    /// Whether tickets of it may exist.
    private(set) var hasSealed = false
    /// When the clock, set back, left it in a future too far to wait for.
    var strandedSince: WallTime?

    init(minting random: RandomBytes, from start: WallTime, until end: WallTime, lifetime: Duration) {
        key = TicketKey(minting: random, notBefore: start, notAfter: end.later(by: lifetime))
        sealsUntil = end
        self.lifetime = lifetime
    }

    /// Whether it is this key's turn to seal.
    func seals(at time: WallTime) -> Bool { key.notBefore <= time && time < sealsUntil }

    /// When it is of no more use. In a future that the clock has left, its tickets age all the same.
    var deadline: WallTime { strandedSince?.later(by: lifetime) ?? key.notAfter }

    /// Says that it seals from now on.
    mutating func seal(lifetime: Duration) {
        hasSealed = true
        promise(lifetime)
    }

    /// Gives its tickets this lifetime; never less than those have that exist.
    mutating func promise(_ lifetime: Duration) {
        self.lifetime = hasSealed ? max(self.lifetime, lifetime) : lifetime
        key.notAfter = sealsUntil.later(by: self.lifetime)
    }

    /// Moves its turn.
    mutating func seal(from start: WallTime, until end: WallTime) {
        key.notBefore = start
        sealsUntil = end
        key.notAfter = end.later(by: lifetime)
    }
}
