internal import RepriseTLS

/// What one connection gives its client to resume with.
struct GivenSessions {
    /// What all its sessions carry.
    private var carried = Carried.nothing
    /// Whether the session about to be handed out is marked: nothing else is sealed.
    var isMarked = false
    /// What the client was handed last; after a resumption at first what it offered.
    var handle: ResumptionHandle?
    /// The keys under which the store has them.
    var keys: [SessionKey] = []
    /// The sessions that the observer gets when the handshake is done.
    var waiting: [AwaitingSession] = []

    /// States have memory of their own: copying one counts the references of all that is in it.
    private enum Carried {
        case nothing
        /// The state of the session that was resumed, or one changed since.
        indirect case state(ResumptionState)
        /// A session has carried it to the client: every other carries the same.
        indirect case given(ResumptionState)
    }

    /// A session that was handed out.
    struct AwaitingSession {
        let reference: SessionReference
        let handle: ResumptionHandle
    }

    /// What sessions carry from now on.
    var state: ResumptionState? {
        switch carried {
        case .nothing: nil
        case .state(let state), .given(let state): state
        }
    }

    /// The same, once it was given.
    var given: ResumptionState? { if case .given(let state) = carried { state } else { nil } }

    mutating func give(_ state: ResumptionState) { carried = .given(state) }

    /// Changes what sessions given from now on carry.
    mutating func change(to state: ResumptionState) {
        carried = if case .given = carried { .given(state) } else { .state(state) }
    }

    /// Begins anew at a ClientHello: nothing was given yet.
    mutating func beginAgain() { carried = .nothing }
}
