/// What a store had under a key, copied to a caller's buffer.
package enum StoreLookup: Sendable, Equatable {
    /// A session of so many bytes.
    case found(bytes: Int)
    /// The same, but its time is over: it is in the store no longer.
    case expired(bytes: Int)
    /// Nothing, or nothing that the store still knows of.
    case missing
}
