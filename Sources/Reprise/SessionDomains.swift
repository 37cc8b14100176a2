internal import Configuration
internal import EventLoop
internal import Resumption
internal import Vocabulary

/// The session domains of the process, by name: a reload ends no session, so they outlive it.
struct SessionDomains: Sendable {
    private var domains: [String: SessionDomain] = [:]

    /// How long a key seals where the file says nothing.
    static let standardRotation = Duration.seconds(3600)

    /// The rotation that a domain's listeners ask for together: tickets of the longest lifetime must find their key.
    static func rotation(_ sessions: [SessionsPlan]) throws(TicketRotationFault) -> TicketRotation {
        try TicketRotation(
            rotate: sessions.first?.tickets.rotate?.value ?? standardRotation,
            ticketLifetime: sessions.map(\.lifetime).max() ?? .seconds(7200))
    }

    /// Makes the domains that are new and adapts the others.
    ///
    /// - Parameter keys: the ticket keys that come from files, by domain.
    /// - Returns: what needs a restart, in words.
    mutating func adapt(
        to plan: Plan, keys: [String: [TicketKey]], at now: WallTime
    ) throws(RepriseError) -> [String] {
        var restarts: [String] = []
        for (name, sessions) in Dictionary(grouping: plan.listeners.map(\.sessions), by: \.domain) {
            guard let first = sessions.first else { continue }
            do {
                let rotation = try Self.rotation(sessions)
                let domain = try domains[name] ?? Self.make(name, first, rotation, at: now)
                if let keys = keys[name] {
                    domain.keys.replace(with: keys, at: now)
                } else if domains[name] != nil {
                    domain.keys.reconfigure(rotation, at: now)
                }
                if domain.store.mappedBytes / 4096 != first.cacheSize.bytes / 4096 {
                    restarts.append("sessions.cache.size of the session domain \(name)")
                }
                domains[name] = domain
            } catch let error as RepriseError {
                throw error
            } catch {
                throw .cannotStart("session domain \(name): \(error)")
            }
        }
        return restarts
    }

    private static func make(
        _ name: String, _ plan: SessionsPlan, _ rotation: TicketRotation, at now: WallTime
    ) throws(RepriseError) -> SessionDomain {
        do {
            return SessionDomain(
                name: name, store: try LocalSessionStore(budget: plan.cacheSize.bytes),
                keys: TicketKeyRing(rotation, at: now), denyList: DenyList(capacity: plan.denyList))
        } catch {
            throw .cannotStart(
                "session domain \(name): no memory for sessions.cache.size \(plan.cacheSize): \(error)")
        }
    }

    subscript(name: String) -> SessionDomain? { domains[name] }

    /// All of them.
    var all: [SessionDomain] { Array(domains.values) }
}
