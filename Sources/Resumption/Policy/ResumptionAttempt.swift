internal import RepriseVocabulary

/// What becomes of a client's offer to resume, while its handshake goes on.
enum ResumptionAttempt {
    /// Nothing that it offered was looked at.
    case none
    /// That was found or opened, and is to be judged.
    case looking(Found)
    /// The last that was looked at; of several tickets, the last one's reason.
    case refused(ResumptionRefusal)
    case accepted(Accepted)

    /// Where an offered session was.
    enum Found {
        /// - `isPast`: the store has let it go, and it is judged for the reason alone.
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
        /// Its application data was set after its ticket had left.
        let hasNewData: Bool
    }

    var found: Found? { if case .looking(let found) = self { found } else { nil } }
    var refusal: ResumptionRefusal? { if case .refused(let reason) = self { reason } else { nil } }
    var accepted: Accepted? { if case .accepted(let accepted) = self { accepted } else { nil } }
}
