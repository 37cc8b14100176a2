import RepriseVocabulary

/// The closed lists that labels take their values from; who counts takes the places from here.
package enum ClosedLists {
    /// The limits of a listener that refuse, in the words of the configuration's `limits`.
    package static let limits = [
        "connections", "handshakes", "handshakes_per_client", "handshake_rate", "per_client", "key_updates",
    ]
    /// The protocol versions in OpenSSL's words (SSL_get_version(3)).
    package static let protocols = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]
    /// How the session was resumed: not at all, by session id, by ticket (RFC 5077), by PSK (RFC 8446 §2.2).
    package static let resumptions = ["no", "id", "ticket", "psk"]
    /// What key exchanges rest on; the TLS module's list, in its order.
    package static let groupClasses = ["hybrid", "lattice", "classical", "none"]
    /// Whether a handshake offered a session, and what came of it.
    package static let offers = ["not_offered", "resumed", "refused"]
    /// Why an offered session was not resumed; the resumption module's closed list, in its order.
    package static let notResumed = [
        "not_found", "expired", "key_unknown", "forged", "other_host", "other_name", "policy_changed", "chain_too_old",
        "certificate_expired", "certificate_revoked", "revocation_unknown", "chain_too_long", "spent", "denied",
        "store_silent", "mismatch",
        "off",
    ]
    /// Every value of ``HandshakeFailure``, at the place of its `index`.
    package static let causes = HandshakeFailure.names
    /// Every kind of ``Ending``, at the place of its `index`.
    package static let endings = Ending.kinds
    /// What TLS 1.3 tickets left together with: nothing, after `tickets.delay`, or other bytes for the client.
    package static let companies = ["alone", "with_data"]
    /// Which way relayed bytes go.
    package static let directions = ["client_to_upstream", "upstream_to_client"]
    /// Why connecting to a server of an upstream did not succeed.
    package static let connectFailures = ["refused", "timeout", "unreachable", "reset", "other"]
    /// What became of a file that was read again: it is in force, or the one before stays.
    package static let reloadResults = ["applied", "refused"]
}
