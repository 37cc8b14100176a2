/// What became of a session that was put into a store, and of those that were there.
package struct PutOutcome: Sendable, Equatable {
    /// What became of the session.
    package enum Fate: Sendable, Equatable {
        /// It is kept, under a key that named none.
        case stored
        /// It is kept, instead of the one that was there.
        case replaced
        /// It was past its expiry already: there is no session under the key now.
        case expired
        /// It is too long: whatever was there stays.
        case refused
    }

    /// What became of the session.
    package let fate: Fate
    /// How many others gave way to it before they expired.
    package let evicted: Int

    package init(_ fate: Fate, evicted: Int = 0) {
        self.fate = fate
        self.evicted = evicted
    }

    /// Whether the session is in the store now.
    package var isKept: Bool { fate == .stored || fate == .replaced }
}
