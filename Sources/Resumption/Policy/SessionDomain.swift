internal import RepriseTLS
internal import RepriseVocabulary
internal import Synchronization

/// What the listeners of one session domain share, for as long as the process runs: store, ticket keys, deny list.
package final class SessionDomain: Sendable {
    /// Its name in the configuration.
    package let name: String
    /// Where stateful sessions are kept.
    package let store: LocalSessionStore
    /// Where they are kept instead, when several machines share them; it answers later, or not at all.
    let shared: SharedSessions?
    /// What seals tickets.
    package let keys: TicketKeyRing
    /// The lineages that must no longer resume.
    package let denyList: DenyList

    /// Application data that waits for its lineage's next ticket.
    package let pending = PendingData<[UInt8]>()
    /// Upstream servers that do, apart: a server that goes down must not cost programs their data.
    package let pendingUpstreams = PendingData<UpstreamMemory>()

    /// The tickets that clients asked for.
    let wishes = TicketWishes()
    /// Single-use sessions that are about to be spent.
    let held = HeldSessions()

    private let users = Atomic(0)
    private let chainAge = Locked(Duration.zero)
    private let served = Locked<[[UInt8]: [ServedHost]]?>(nil)
    /// Their ids by what sessions carry of them.
    private let hostIDs = Locked<[HostDigest: String]>([:])

    package init(
        name: String, store: LocalSessionStore, keys: TicketKeyRing, denyList: DenyList,
        remote: (any SessionStore)? = nil
    ) {
        self.name = name
        self.store = store
        self.keys = keys
        self.denyList = denyList
        shared = remote.map { SharedSessions($0, keys: keys, domain: name) }
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
        hostIDs.withLock {
            $0 = Dictionary(hosts.map { ($0.terms.digest, $0.terms.id) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// The id of a host that the domain's listeners have.
    func hostID(_ digest: HostDigest) -> String? { hostIDs.withLock { $0[digest] } }

    /// How the listeners serve a host now; `nil` before the first ``serve(_:)``, empty when no listener has it under
    /// that policy.
    func hosts(of sessionIDContext: [UInt8]) -> [ServedHost]? {
        served.withLock { $0.map { $0[sessionIDContext] ?? [] } }
    }

    /// How many tickets were asked for (RFC 9149) and not given, because they would be stored.
    package var wishesNotGranted: Int { wishes.left }
}
