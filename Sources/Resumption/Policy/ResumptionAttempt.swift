internal import RepriseVocabulary

/// The state of a client's offer to resume, during its handshake.
enum ResumptionAttempt {
    /// We have looked at nothing that it offered.
    case none
    /// This session was found or opened, and is to be judged.
    case looking(Found)
    /// The last session or ticket that we looked at was refused, for that reason.
    case refused(ResumptionRefusal)
    /// In memory of its own: a connection that resumes nothing has no room for it.
    indirect case accepted(Accepted)

    /// Where an offered session was.
    enum Found {
        /// - `isPast`: it has expired and the store has dropped it; it is judged for the reason alone.
        case stored(SessionKey, isPast: Bool)
        case ticket(TicketKeyName)

        var handle: ResumptionHandle {
            switch self {
            case .stored(let key, _): .stored(key)
            case .ticket(let name): .ticket(name)
            }
        }

        /// The key in the store.
        var key: SessionKey? { if case .stored(let key, _) = self { key } else { nil } }
        var isPast: Bool { if case .stored(_, true) = self { true } else { false } }
    }

    /// A session that was judged good.
    struct Accepted {
        /// What it remembers, one renewal later.
        let state: ResumptionState
        let found: Found
        /// Whether its application data was set after its ticket was sent.
        let hasNewData: Bool
    }

    var found: Found? { if case .looking(let found) = self { found } else { nil } }
    var refusal: ResumptionRefusal? { if case .refused(let reason) = self { reason } else { nil } }
    var accepted: Accepted? { if case .accepted(let accepted) = self { accepted } else { nil } }
}
