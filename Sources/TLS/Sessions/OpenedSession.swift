/// A session that a client offers, restored by libssl but not resumed yet. Its bytes are lent for the call it is handed
/// over in.
package struct OpenedSession {
    /// What we had it remember (its application data); authenticated, since it came out of our ticket or store.
    package var memory: UnsafeRawBufferPointer
    /// Its session-id context.
    package var sessionIDContext: UnsafeRawBufferPointer
    package var isTLS13: Bool
}
