/// What became of the sessions that a server has given us, at one TLS handshake with it.
package enum UpstreamResumption: Int, ClosedList {
    case resumed, refused, noSession, expired, chainTooOld, off

    package static let title = "Results of resumption at servers"

    package var text: (word: String, meaning: String) {
        switch self {
        case .resumed: ("resumed", "A session was offered, and the server resumed it.")
        case .refused: ("refused", "A session was offered, and the server made a full handshake of it.")
        case .noSession: ("no_session", "There was none to offer under the same name and settings.")
        case .expired: ("expired", "The time that the server gave it was over, or what was verified for it.")
        case .chainTooOld:
            ("chain_too_old", "The full handshake that it descends from is older than `sessions.max_chain_age`.")
        case .off: ("off", "`tls.sessions` is false, or `sessions.upstream.keep` 0.")
        }
    }

    package var advice: String? {
        switch self {
        case .resumed, .chainTooOld, .off: nil
        case .refused:
            "The server has lost its keys or its cache, or does not share them with others behind the same address; some "
                + "servers never resume."
        case .noSession:
            "If it is often so, raise `sessions.upstream.keep`, and `sessions.upstream.size` if "
                + "`reprise_upstream_sessions_evicted_total` grows; a server may give none."
        case .expired: "The server's lifetime is shorter than the time between two connections."
        }
    }
}
