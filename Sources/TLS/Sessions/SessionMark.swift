/// What a new session carries: bytes of ours, and how long libssl may resume it.
package struct SessionMark: Sendable, Hashable {
    /// Authenticated, and confidential in a ticket.
    package var state: [UInt8]
    /// Whole seconds from now, at least one; also the lifetime hint that the client is given.
    package var seconds: Int

    package init(state: [UInt8], seconds: Int) {
        self.state = state
        self.seconds = seconds
    }
}
