internal import RepriseVocabulary

/// What a connection has asked a remote store, and the answers.
///
/// Answers are kept until the handshake is done: after a HelloRetryRequest libssl asks for them twice.
struct RemoteLookup {
    private var asked: Set<SessionKey> = []
    /// The keys to ask the store for, while the handshake waits.
    private(set) var wanted: [SessionKey] = []
    private(set) var fetched: [SessionKey: StoredSession] = [:]
    /// Whether the answers were taken out of the store, by the ClientHello that asked: a second one may be another's kind.
    private(set) var wasTaken = false
    /// The store has not answered in time, or has failed.
    private(set) var isSilent = false

    /// Asks for the keys that it has not asked for before.
    ///
    /// - Returns: whether there is something to wait for.
    mutating func ask(for keys: [SessionKey], taking: Bool) -> Bool {
        let new = keys.filter { !asked.contains($0) }
        guard !new.isEmpty else { return false }
        asked.formUnion(new)
        wanted = new
        if taking { wasTaken = true }
        return true
    }

    mutating func answered(_ sessions: [SessionKey: StoredSession]) {
        wanted = []
        fetched.merge(sessions) { $1 }
    }

    /// The store is silent: its sessions count as missing.
    mutating func wasSilent() {
        wanted = []
        isSilent = true
    }

    /// Forgets the answers; their secrets are overwritten with the last holder.
    mutating func forget() -> [SessionKey: StoredSession] {
        defer { fetched = [:] }
        return fetched
    }
}
