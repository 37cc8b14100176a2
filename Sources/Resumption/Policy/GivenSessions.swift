internal import RepriseTLS

/// What one connection gives its client to resume with.
struct GivenSessions {
    /// What all its sessions carry.
    private var carried = Carried.nothing
    /// Whether what is about to be handed out was marked: nothing else is sealed.
    var isMarked = false
    /// What the client was handed last; of a resumed session, what it came with.
    var handle: ResumptionHandle?
    /// Where sessions went in the store.
    var keys: [SessionKey] = []
    /// What the observer is to be told of when the handshake is done.
    var waiting: [AwaitingSession] = []
    /// The last thing that the remote store was told of them.
    var telling: Task<Void, Never>?

    private enum Carried {
        case nothing
        /// That of the session that was resumed, or changed since.
        case state(ResumptionState)
        /// It left with a session: every other carries the same.
        case given(ResumptionState)
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

    /// Changes what those carry that are given from now on.
    mutating func change(to state: ResumptionState) {
        carried = if case .given = carried { .given(state) } else { .state(state) }
    }

    /// A ClientHello begins anew: nothing was given yet.
    mutating func beginAgain() { carried = .nothing }
}
