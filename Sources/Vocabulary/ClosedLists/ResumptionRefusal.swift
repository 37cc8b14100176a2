/// Why a session that a client offered was not resumed.
///
/// ```swift
/// if case .refused(let reason) = session.details.outcome.result {
///     print("not resumed, \(reason.word): \(reason.meaning)")
/// }
/// ```
public enum ResumptionRefusal: Int, ClosedList {
    case notFound, expired, keyUnknown, forged, foreign, otherHost, otherDomain, otherName, policyChanged, chainTooOld
    case certificateExpired, certificateRevoked, revocationUnknown, chainTooLong, spent, denied, storeSilent, mismatch
    case off

    public static let title = "Reasons of a refused resumption"

    public var text: (word: String, meaning: String) {
        switch self {
        case .notFound:
            (
                "not_found",
                "No such session is stored: it was never Reprise's, was removed or crowded out, or is over for so long that the store forgot it."
            )
        case .expired: ("expired", "The session's lifetime is over.")
        case .keyUnknown: ("key_unknown", "There is no ticket key of that name: it is another process's, or too old.")
        case .forged: ("forged", "The ticket is not what its key sealed: it was changed, or cut off.")
        case .foreign: ("foreign", "Another program has sealed the ticket, with a key that it shares with Reprise.")
        case .otherHost: ("other_host", "It was made at another host.")
        case .otherDomain:
            (
                "other_domain",
                "It was made in another session domain (`sessions.domain`) that has the same ticket keys or store."
            )
        case .otherName:
            (
                "other_name",
                "It was made under another server_name, which TLS 1.2 does not allow (RFC 6066 §3)."
            )
        case .policyChanged:
            (
                "policy_changed",
                "It was made at this host, under another `client_auth`, or under settings that judge clients' certificates otherwise."
            )
        case .chainTooOld:
            (
                "chain_too_old",
                "The full handshake it descends from is longer ago than `sessions.max_chain_age`."
            )
        case .certificateExpired:
            ("certificate_expired", "A certificate of the client's chain has expired since.")
        case .certificateRevoked:
            ("certificate_revoked", "A certificate of the client's chain has been revoked since.")
        case .revocationUnknown:
            (
                "revocation_unknown",
                "`client_auth.crl` is set, and no current list in it covers the client's chain."
            )
        case .chainTooLong:
            ("chain_too_long", "The client's chain is longer than what a session remembers of it.")
        case .spent: ("spent", "It was resumed before, and `sessions.single_use` is set.")
        case .denied: ("denied", "An ending of its lineage made it void.")
        case .storeSilent: ("store_silent", "The store failed, or did not answer in `sessions.store_deadline`.")
        case .mismatch:
            ("mismatch", "It was good, but is for another protocol version or cipher than was agreed on.")
        case .off: ("off", "The listener resumes no sessions.")
        }
    }
}

/// Whether a handshake offered a session, and the result.
package enum OfferOutcome: Int, ClosedList {
    case notOffered, resumed, refused

    package static let title = "Offers of a session"

    package var text: (word: String, meaning: String) {
        switch self {
        case .notOffered: ("not_offered", "The client offered no session.")
        case .resumed: ("resumed", "The session that the client offered was resumed.")
        case .refused: ("refused", "The client offered a session, and there was a full handshake instead.")
        }
    }
}

/// How a session was resumed.
///
/// ```swift
/// switch session.details.resumedBy {
/// case .no: print("a full handshake")
/// case let means: print("resumed by \(means.word)")  // id, ticket or psk
/// }
/// ```
public enum ResumptionMeans: Int, ClosedList {
    case no, sessionID, ticket, psk

    public static let title = "Ways of resumption"

    public var text: (word: String, meaning: String) {
        switch self {
        case .no: ("no", "It was not resumed: a full handshake.")
        case .sessionID: ("id", "TLS 1.2 and older: by the session's id.")
        case .ticket: ("ticket", "TLS 1.2 and older: by a ticket (RFC 5077).")
        case .psk: ("psk", "TLS 1.3: by a pre-shared key (RFC 8446 §2.2).")
        }
    }
}
