/// A session that a client offers, restored by libssl but not resumed yet.
package struct OpenedSession: Sendable, Hashable {
    /// What we had it remember (its application data); authenticated, since it came out of our ticket or store.
    package var memory: [UInt8]
    /// Its session-id context.
    package var sessionIDContext: [UInt8]
    package var isTLS13: Bool
}
