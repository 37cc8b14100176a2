/// What a store holds, and what has become of what it held.
package struct StoreCounts: Sendable, Equatable {
    /// Sessions that are there; those that expired and that nobody has asked for since are among them for a while.
    package var entries = 0
    /// What these take of the memory for records: 40 bytes and the DER, rounded up to eight.
    package var bytes = 0
    /// Sessions that gave way to newer ones before they expired.
    package var evicted: UInt64 = 0
    /// Sessions that were found past their expiry, and wiped.
    package var expired: UInt64 = 0
    /// Sessions that were too long to be kept.
    package var refused: UInt64 = 0

    package init() {}

    /// Adds what another part of the store counted.
    mutating func add(_ other: StoreCounts) {
        entries &+= other.entries
        bytes &+= other.bytes
        evicted &+= other.evicted
        expired &+= other.expired
        refused &+= other.refused
    }
}
