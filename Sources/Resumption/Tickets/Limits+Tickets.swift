package import RepriseVocabulary

extension Limits {
    /// How many generations of ticket keys live at once in a ring that rotates by itself.
    ///
    /// Every one is a secret in memory; a lifetime of that many rotations is a typing error.
    package static let ticketKeyGenerations = 200
    /// How many keys a ring holds, even with a leaping clock; above it, the least useful ones go first.
    package static let ticketKeysHeld = 400
    /// How many names of keys that are gone a ring remembers, so that it recognizes their tickets.
    package static let ticketKeyNamesKept = 200
    /// How many bytes a file of ticket keys has at most.
    package static let ticketKeyFileBytes = 65_536
    /// How long a clock that leapt forward is doubted: until then no key is wiped for being too old.
    package static let clockDoubt: Duration = .seconds(600)
}
