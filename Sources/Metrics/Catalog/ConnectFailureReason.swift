/// Why connecting to a server of an upstream did not succeed.
package enum ConnectFailureReason: String, Sendable, Hashable, CaseIterable {
    /// Nobody listens (ECONNREFUSED, or ENOENT for a Unix socket).
    case refused
    /// `timeouts.connect` ran out, or the kernel gave up (ETIMEDOUT).
    case timeout
    /// No way there (ENETUNREACH, EHOSTUNREACH).
    case unreachable
    /// The server reset the connection before it stood (ECONNRESET).
    case reset
    /// Anything else: no descriptors, no permission, no local port.
    case other
}
