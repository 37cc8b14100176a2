/// Why a session that a client offered was not resumed. A closed list: each is a word in the log and in a metric.
public enum NotResumed: String, Sendable, Hashable, CaseIterable {
    /// No session of that id is stored.
    case notFound = "not_found"
    /// The session's lifetime is over.
    case expired
    /// No ticket key of that name, or none any more.
    case keyUnknown = "key_unknown"
    /// The ticket is not what its key sealed: changed, cut off, or never ours.
    case forged
    /// It was made at another host.
    case otherHost = "other_host"
    /// It was made under another server_name, which TLS 1.2 does not allow (RFC 6066 §3).
    case otherName = "other_name"
    /// It was made at this host, under another client_auth policy.
    case policyChanged = "policy_changed"
    /// The full handshake it descends from is longer ago than `sessions.max_chain_age`.
    case chainTooOld = "chain_too_old"
    /// A certificate of the client's chain has expired since.
    case certificateExpired = "certificate_expired"
    /// A certificate of the client's chain has been revoked since.
    case certificateRevoked = "certificate_revoked"
    /// No current revocation list covers the client's chain, and its host wants one.
    case revocationUnknown = "revocation_unknown"
    /// The client's chain is longer than what a session remembers of it.
    case chainTooLong = "chain_too_long"
    /// It was resumed before, and sessions are for a single use.
    case spent
    /// An ending of its lineage made it void.
    case denied
    /// The store did not answer in time, or failed.
    case storeSilent = "store_silent"
    /// It was good, but is for another protocol version or cipher than was agreed on.
    case mismatch
    /// The listener resumes no sessions.
    case off
}
