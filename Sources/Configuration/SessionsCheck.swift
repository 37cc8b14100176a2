internal import RepriseVocabulary

/// Checks what the sessions of several listeners must agree on.
struct SessionsCheck {
    private(set) var faults: [Fault] = []

    /// Finds unknown endings, a mode that cannot be single-use, and listeners of one domain with contradictory
    /// settings.
    mutating func check(_ root: Reader, _ plan: Plan) {
        let listeners = root["listeners"]?.elements ?? []
        for reader in [root["sessions"]].compactMap({ $0 }) + listeners.compactMap({ $0["sessions"] }) {
            for ending in reader["endings"]?.entries ?? [] where !Self.endingWords.contains(ending.key) {
                let guess = Suggestion.clause(for: ending.key, among: Self.endingWords)
                faults.append(ending.value.fault("there is no ending of that name\(guess)"))
            }
        }
        var first: [String: (plan: SessionsPlan, listener: String)] = [:]
        for (listener, reader) in zip(plan.listeners, listeners) {
            let sessions = listener.sessions
            if sessions.isSingleUse, sessions.mode == .stateless {
                faults.append(
                    reader.fault("sessions.single_use needs a store, and sessions.mode is stateless"))
            }
            guard let (other, name) = first[sessions.domain] else {
                first[sessions.domain] = (sessions, listener.name)
                continue
            }
            let differing = [
                ("cache.size", other.cache == sessions.cache),
                ("deny_list", other.denyList == sessions.denyList),
                // Otherwise a session would resume any number of times at the other.
                ("single_use", other.isSingleUse == sessions.isSingleUse),
                ("tickets.rotate", other.tickets.rotate == sessions.tickets.rotate),
                ("tickets.keys", other.tickets.keys == sessions.tickets.keys),
            ].filter { !$0.1 }.map(\.0)
            for option in differing {
                faults.append(
                    reader.fault(
                        "the session domain \"\(sessions.domain)\" has another sessions.\(option) in the listener "
                            + "\(name)"))
            }
        }
    }

    private static let endingWords = Ending.Kind.configurationWords
}
