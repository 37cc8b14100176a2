package import RepriseTLS
internal import RepriseVocabulary

/// All that a run is told.
package struct LoadPlan: Sendable {
    /// How connections come.
    package enum Pace: Sendable, Hashable {
        /// Each client has one connection after the other.
        case closed
        /// They begin when they are due, whatever the server does; the clients take turns.
        case open(LoadProfile, LoadSchedule.Arrivals)
    }

    package var errand: LoadErrand
    /// What connections offer and demand; versions and tickets follow from the kind of handshake.
    package var settings: ClientSettings
    package var handshake = Mix<HandshakeKind>(.full)
    package var close = Mix<CloseKind>(.notify)
    package var choice = Mix<SessionChoice>(.newest)
    /// How clients come by the names that they ask for.
    package var names = NameChoice.uniform
    /// After how long a session counts as expired, in the stead of what its server says.
    package var lifetime: Duration?
    package var pace = Pace.closed
    /// How many clients there are, each with sessions of its own; in an open loop, the most connections at once too.
    package var clients = 1
    package var threads = 1
    package var duration = Duration.seconds(10)
    /// After how many connections the run ends, if not before.
    package var connections = Int.max
    package var seed: UInt64 = 1

    package init(_ errand: LoadErrand, _ settings: ClientSettings) {
        (self.errand, self.settings) = (errand, settings)
    }

    /// The contexts that its kinds of handshake need, each made once.
    func contexts() throws(ClientError) -> [HandshakeKind: ClientContext] {
        var contexts: [HandshakeKind: ClientContext] = [:]
        for part in handshake.parts {
            var settings = settings
            switch part.kind {
            // Beside others it comes from a client that could have resumed, and whose next connection may.
            case .full: break
            case .id: (settings.tls.maximumVersion, settings.asksForTickets) = (.tls1_2, false)
            case .ticket: settings.tls.maximumVersion = .tls1_2
            case .psk: settings.tls.minimumVersion = .tls1_3
            }
            contexts[part.kind] = try ClientContext(settings)
        }
        return contexts
    }

    /// How each client keeps its sessions.
    var keeping: ClientSessions.Keeping {
        var keeping = ClientSessions.Keeping()
        let choices = Set(choice.parts.map(\.kind))
        keeping.keepsOldest = !choices.isDisjoint(with: [.oldest, .expired, .otherName])
        let isOfOnePlace = errand.servers.count == 1 && errand.names.count == 1
        if isOfOnePlace, choices.isSubset(of: [.newest, .single, .forged]) { keeping.count = ClientSessions.fewest }
        keeping.isSmall = clients >= ClientSessions.manyClients
        return keeping
    }

    /// What one thread of several has to do: of what is counted, every so many.
    func share(_ count: Int, of thread: Int) -> Int {
        guard count != .max else { return .max }
        return count / threads + (thread < count % threads ? 1 : 0)
    }
}
