internal import RepriseTLS
package import RepriseVocabulary
internal import Synchronization

/// What the listeners of one session domain share, for as long as the process runs: store, ticket keys, deny list.
package final class SessionDomain: Sendable {
    /// Its name in the configuration.
    package let name: String
    /// Where stateful sessions are kept.
    package let store: LocalSessionStore
    /// Where they are kept instead, when several machines share them; it answers later, or not at all.
    package let remote: (any SessionStore)?
    /// What seals tickets.
    package let keys: TicketKeyRing
    /// The lineages that must no longer resume.
    package let denyList: DenyList

    /// Application data that waits for its lineage's next ticket.
    package let pending = PendingData()

    /// The tickets that clients asked for.
    let wishes = TicketWishes()
    /// Single-use sessions that are about to be spent.
    let held = HeldSessions()

    private let users = Atomic(0)
    private let writesUnderWay = Atomic(0)
    private let leftOut = Atomic(0)
    private let chainAge = Locked(Duration.zero)
    private let served = Locked<[[UInt8]: [ServedHost]]?>(nil)

    package init(
        name: String, store: LocalSessionStore, keys: TicketKeyRing, denyList: DenyList,
        remote: (any SessionStore)? = nil
    ) {
        self.name = name
        self.store = store
        self.keys = keys
        self.denyList = denyList
        self.remote = remote
    }

    /// One more connection has sessions here, until ``connectionEnded()``.
    package func connectionBegan() { users.wrappingAdd(1, ordering: .relaxed) }

    /// A connection that had sessions here is over.
    package func connectionEnded() { users.wrappingSubtract(1, ordering: .relaxed) }

    /// How many connections have sessions here.
    package var openConnections: Int { users.load(ordering: .relaxed) }

    /// The longest age of a chain that any listener of the domain has allowed: a denied lineage may come back for that
    /// long.
    package var longestChainAge: Duration { chainAge.withLock { $0 } }

    /// Notes a listener's `max_chain_age`; a shorter one does not undo a longer one.
    package func allow(chainAge age: Duration) {
        chainAge.withLock { $0 = max($0, age) }
    }

    /// Notes the hosts that the domain's listeners have from now on.
    package func serve(_ hosts: [ServedHost]) {
        served.withLock { $0 = Dictionary(grouping: hosts, by: \.terms.sessionIDContext) }
    }

    /// How the listeners serve a host now; `nil` before the first ``serve(_:)``, empty when no listener has it under
    /// that policy.
    func hosts(of sessionIDContext: [UInt8]) -> [ServedHost]? {
        served.withLock { $0.map { $0[sessionIDContext] ?? [] } }
    }

    /// Asks the remote store for sessions, and hands them to `body` on a thread of its own.
    ///
    /// - Parameter body: gets `nil` when the store failed, and nothing was found.
    /// - Returns: the task that asks; cancel it when the handshake no longer waits.
    package func ask(
        _ keys: [SessionKey], taking: Bool, at time: WallTime,
        _ body: @escaping @Sendable ([SessionKey: [UInt8]]?) -> Void
    ) -> Task<Void, Never> {
        Task(executorPreference: StoreExecutor.shared) { body(await self.fetch(keys, taking: taking, at: time)) }
    }

    /// Writes to the remote store without waiting: after a failure it is as if the store had forgotten the session at
    /// once.
    ///
    /// When ``ResumptionLimits/storeWrites`` are under way it skips the write, and counts it.
    /// - Parameter previous: the write that must come first, so that a session is not removed before it is put there.
    /// - Returns: the write that the next one about the same sessions must follow.
    @discardableResult
    func tellRemote(
        after previous: Task<Void, Never>? = nil,
        _ body: @escaping @Sendable (any SessionStore) async throws -> Void
    ) -> Task<Void, Never>? {
        guard let remote else { return previous }
        guard writesUnderWay.wrappingAdd(1, ordering: .relaxed).newValue <= ResumptionLimits.storeWrites else {
            writesUnderWay.wrappingSubtract(1, ordering: .relaxed)
            leftOut.wrappingAdd(1, ordering: .relaxed)
            return previous
        }
        return Task(executorPreference: StoreExecutor.shared) {
            await previous?.value
            try? await body(remote)
            self.writesUnderWay.wrappingSubtract(1, ordering: .relaxed)
        }
    }

    /// Forgets sessions, wherever they are kept.
    ///
    /// - Parameter previous: the write that must come first (``tellRemote(after:_:)``).
    func remove(_ keys: [SessionKey], after previous: Task<Void, Never>? = nil) {
        if remote != nil {
            tellRemote(after: previous) { remote in for key in keys { try await remote.remove(key) } }
        } else {
            for key in keys { store.remove(key) }
        }
    }

    /// Puts sessions back into the remote store that were taken for a single use and not used.
    package func putBack(_ sessions: [SessionKey: [UInt8]], at time: WallTime) {
        for (key, session) in sessions {
            guard
                let state = session.withUnsafeBytes({ SessionReference.reading($0) }).flatMap({
                    ResumptionState($0.state)
                })
            else { continue }
            tellRemote { try await $0.put(key, session, expires: state.expires, at: time) }
        }
    }

    /// How many writes were skipped because the remote store is too slow.
    package var writesLeftOut: Int { leftOut.load(ordering: .relaxed) }

    /// How many tickets were asked for (RFC 9149) and not given, because they would be stored.
    package var wishesNotGranted: Int { wishes.left }

    /// Asks the remote store for sessions.
    ///
    /// - Parameter taking: for a single use: only one caller gets a session.
    /// - Returns: `nil` when the store failed, and nothing was found.
    package func fetch(_ keys: [SessionKey], taking: Bool, at time: WallTime) async -> [SessionKey: [UInt8]]? {
        guard let remote else { return [:] }
        var found: [SessionKey: [UInt8]] = [:]
        var hasFailed = false
        for key in keys {
            do {
                found[key] = try await taking ? remote.take(key, at: time) : remote.get(key, at: time)
            } catch {
                hasFailed = true
            }
        }
        return hasFailed && found.isEmpty ? nil : found
    }
}
