internal import Vocabulary

/// What the listeners of one session domain share, for as long as the process runs: store, ticket keys, deny list.
package final class SessionDomain: Sendable {
    /// Its name in the configuration.
    package let name: String
    /// Where stateful sessions are kept.
    package let store: LocalSessionStore
    /// What seals tickets.
    package let keys: TicketKeyRing
    /// What must not resume any more.
    package let denyList: DenyList

    package init(name: String, store: LocalSessionStore, keys: TicketKeyRing, denyList: DenyList) {
        self.name = name
        self.store = store
        self.keys = keys
        self.denyList = denyList
    }
}
