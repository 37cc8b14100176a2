package import RepriseVocabulary

extension Limits {
    /// How many generations of ticket keys live at once in a ring that rotates by itself.
    ///
    /// Every one is a secret in memory; a lifetime of so many rotations is a slip of the pen.
    package static let ticketKeyGenerations = 200
    /// How many keys a ring holds whatever the clock does; above it, what is least of use goes first.
    package static let ticketKeysHeld = 400
    /// How many names of keys that are gone a ring remembers, so that their tickets are not taken for strangers'.
    package static let ticketKeyNamesKept = 200
    /// How many bytes a file of ticket keys has at most.
    package static let ticketKeyFileBytes = 65_536
    /// How long a clock that leapt forward is doubted: until then no key is wiped for being too old.
    package static let clockDoubt: Duration = .seconds(600)
}
