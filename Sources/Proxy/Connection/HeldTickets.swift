internal import RepriseVocabulary

/// TLS 1.3 tickets that wait for company on their way to a client.
struct HeldTickets {
    /// All that waits for the client's socket is tickets.
    var areHeld = false
    /// The end of their wait has been arranged.
    var endIsQueued = false
    /// So has the acknowledgement of what came meanwhile, which they would have carried.
    var acknowledgementIsQueued = false
}
