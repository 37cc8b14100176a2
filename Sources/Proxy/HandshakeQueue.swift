internal import RepriseVocabulary

/// The handshakes of one listener on one worker, by their age: decides which one makes way when there are too many.
///
/// Time is a parameter. It knows connections by their numbers, and asks about them; it forgets those whose handshake is
/// over when it meets them.
struct HandshakeQueue {
    /// One handshake under way, as far as making way is concerned. Each closure costs a system call.
    struct Handshake {
        /// The client's address, or the network of an IPv6 one; `nil` on a Unix socket.
        var client: IPAddress?
        /// Since when we wait for the client: since it came, or since it was last answered.
        var waitsSince: Instant
        /// Its whole ClientHello was read.
        var hasHello: Bool
        /// Whether bytes of the client wait to be read: then it is we who are late.
        var hasUnreadBytes: () -> Bool
        /// How long the client's answer takes at least.
        var roundTrip: () -> Duration
    }

    /// A client's first bytes follow its ACK at once: one that is silent for longer makes way for a client that has no
    /// other handshake, or that has too many itself.
    static let silence = Duration.milliseconds(15)
    /// The same for a client that has others.
    static let longSilence = Duration.milliseconds(100)
    /// A client that has sent its ClientHello and then nothing for this long, and four round trips, makes way for one
    /// that has no other handshake, or has at least two fewer.
    static let pause = Duration.milliseconds(25)
    /// A client that has sent nothing for this long makes way for anyone.
    static let stall = Duration.seconds(1)
    /// How many handshakes a search looks at to find one that makes way.
    static let examined = 256

    /// Those that had sent no whole ClientHello when they were last looked at.
    private var silent = ArrivalOrder()
    private var all = ArrivalOrder()
    /// Those of each client, for when its own share is used up.
    private var own: [IPAddress: ArrivalOrder] = [:]
    private var ownRoom = 64
    /// How many clients it knows of; for tests.
    var knownClients: Int { own.count }

    mutating func append(_ id: ConnectionID, of client: IPAddress?, _ handshake: (ConnectionID) -> Handshake?) {
        silent.append(id) { handshake($0)?.hasHello == false }
        all.append(id) { handshake($0) != nil }
        guard let client else { return }
        own[client, default: ArrivalOrder()].append(id) { handshake($0) != nil }
        guard own.count > ownRoom else { return }
        own = own.filter { $0.value.contains { handshake($0) != nil } }
        ownRoom = max(64, 2 * own.count)
    }

    /// The handshake that ends, so that a newcomer finds room.
    ///
    /// The one that has sent no whole ClientHello for longest; else the oldest that has stalled: for ``pause`` where a
    /// client with few handshakes meets one with many, for ``stall`` otherwise.
    /// - Parameters:
    ///   - ownOnly: the newcomer's own share is used up: only handshakes of the same client help.
    ///   - held: how many handshakes a client has.
    mutating func whoMakesWay(
        for newcomer: IPAddress?, ownOnly: Bool, at now: Instant, held: (IPAddress) -> Int,
        _ handshake: (ConnectionID) -> Handshake?
    ) -> ConnectionID? {
        if ownOnly, let newcomer { return oneOfItsOwn(newcomer, at: now, handshake) }
        let has = newcomer.map(held) ?? 0
        let silence = has == 0 ? Self.silence : Self.longSilence
        let quiet = silent.first { id in
            guard let one = handshake(id), !one.hasHello else { return .over }
            return Self.isSilent(one, since: silence, at: now) ? .found : .other
        }
        if let quiet { return quiet }
        return all.first { id in
            guard let one = handshake(id) else { return .over }
            let hasMany = one.client.map { held($0) > has + 1 } ?? false
            return Self.hasStalled(one, for: now - one.waitsSince, isPoor: hasMany || has == 0) ? .found : .other
        }
    }

    private mutating func oneOfItsOwn(
        _ client: IPAddress, at now: Instant, _ handshake: (ConnectionID) -> Handshake?
    ) -> ConnectionID? {
        let silent = own[client]?.first { id in
            guard let one = handshake(id) else { return .over }
            return !one.hasHello && Self.isSilent(one, since: Self.silence, at: now) ? .found : .other
        }
        if let silent { return silent }
        return own[client]?.first { id in
            guard let one = handshake(id) else { return .over }
            return Self.hasStalled(one, for: now - one.waitsSince, isPoor: false) ? .found : .other
        }
    }

    private static func isSilent(_ one: Handshake, since time: Duration, at now: Instant) -> Bool {
        now - one.waitsSince >= time && !one.hasUnreadBytes()
    }

    private static func hasStalled(_ one: Handshake, for time: Duration, isPoor: Bool) -> Bool {
        guard time >= (isPoor ? pause : stall) else { return false }
        return (time >= stall || time >= pause + one.roundTrip() * 4) && !one.hasUnreadBytes()
    }
}

/// Connections by their numbers, in the order in which they came.
private struct ArrivalOrder {
    enum Look {
        /// Forget it.
        case over
        case found
        case other
    }

    private static let leastRoom = 64

    private var ids: [ConnectionID] = []
    private var start = 0
    private var room = leastRoom

    /// - Parameter isIn: whether to keep a connection.
    mutating func append(_ id: ConnectionID, _ isIn: (ConnectionID) -> Bool) {
        if ids.count >= room {
            ids = ids[start...].filter(isIn)
            start = 0
            room = max(Self.leastRoom, 2 * ids.count)
        }
        ids.append(id)
    }

    func contains(_ isIn: (ConnectionID) -> Bool) -> Bool { ids[start...].contains(where: isIn) }

    mutating func first(_ look: (ConnectionID) -> Look) -> ConnectionID? {
        var left = HandshakeQueue.examined
        var isAtFront = true
        for index in ids[start...].indices {
            switch look(ids[index]) {
            case .found: return ids[index]
            case .over:
                if isAtFront { start = index + 1 }
            case .other:
                isAtFront = false
                left -= 1
                if left == 0 { return nil }
            }
        }
        return nil
    }
}
