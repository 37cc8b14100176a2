package import RepriseVocabulary

/// Decides which connections a listener takes, before any crypto is spent; shared by all its workers.
///
/// It lives as long as the listener's name does, so that a reload forgets no open connection. One lock guards all
/// counts: a client that one limit refuses has taken nothing of another, not even for a moment.
package final class Admission: Sendable {
    /// Asks a worker for room, and to end one of its own handshakes if need be; it answers on its own loop.
    typealias Asking =
        @Sendable (Newcomer, @escaping @Sendable (Result<Entry, LimitError>) -> Void) -> Void

    /// Who asks for room.
    enum Newcomer: Sendable {
        /// A client whose connection was accepted; `nil` on a Unix socket.
        case accepted(IPAddress?)
        /// A connection that was taken in already, and whose client a proxy's header has named.
        case named(Entry, IPAddress?)

        /// Whose limits hold.
        var client: IPAddress? {
            switch self {
            case .accepted(let client), .named(_, let client): client
            }
        }
    }

    /// What one client address has.
    private struct Share {
        var open = 0
        var handshaking = 0
    }

    private struct Counts {
        var open = 0
        /// The most that were open at once since the last question.
        var peak = 0
        var handshaking = 0
        /// Connections whose client a proxy's header is still to name: they have the room of as many handshakes again, so
        /// that nobody who is not named takes it from those who are.
        var awaiting = 0
        var bucket: TokenBucket?
        var clients: [IPAddress: Share] = [:]
    }

    private let counts = Locked(Counts())
    private let workers = Locked<[Int: Asking]>([:])

    package init() {}

    /// How many connections are open.
    package var openConnections: Int { counts.withLock { $0.open } }

    /// How many connections are open, and the most that were open at once since the last call.
    package func takePeak() -> (open: Int, peak: Int) {
        counts.withLock { counts in
            defer { counts.peak = counts.open }
            return (counts.open, counts.peak)
        }
    }

    /// How many handshakes a client address has under way.
    func handshakes(of client: IPAddress) -> Int { counts.withLock { $0.clients[client]?.handshaking ?? 0 } }

    /// Takes in a connection, or says which limit forbids it.
    ///
    /// The client's own limit is checked first, so that it uses up nothing of others; those of handshakes last, where
    /// another may make way. Only a client that every limit lets in takes a token of the rate. The caller must follow
    /// each connection that is taken in by one ``handshakeEnded(_:)`` and one ``connectionEnded(_:)``.
    /// - Parameters:
    ///   - client: its address; `nil` for a client on a Unix socket, which counts for no address.
    ///   - other: whose handshake makes way, if the client is taken in: this call does its ``handshakeEnded(_:)``.
    /// - Returns: the ticket to hand back at the end, or the limit.
    package func admit(
        _ client: IPAddress?, limits: AdmissionLimits, at now: Instant, insteadOf other: Entry? = nil
    ) -> Result<Entry, LimitError> {
        let client = client?.network
        let limit: ListenerLimit? = counts.withLock { counts in
            if let limit = Self.limitHit(of: client, counts, limits) { return limit }
            guard Self.hasToken(&counts, limits, at: now) else { return .handshakeRate }
            if let other { Self.endHandshake(of: other, &counts) }
            if let limit = Self.limitHit(ofHandshakeOf: client, counts, limits) {
                if let other { Self.beginHandshake(of: other, &counts) }
                return limit
            }
            Self.takeToken(&counts, limits, at: now)
            counts.open += 1
            counts.peak = max(counts.peak, counts.open)
            Self.beginHandshake(ofNewcomer: client, &counts)
            return nil
        }
        return limit.map { .failure(LimitError(limit: $0)) } ?? .success(Entry(client: client))
    }

    /// Takes in a connection of a proxy, whose header is still to name the client.
    ///
    /// - Parameter other: one that waits likewise and makes way, if this one is taken in.
    func admitAwaiting(limits: AdmissionLimits, insteadOf other: Entry? = nil) -> Result<Entry, LimitError> {
        let limit: ListenerLimit? = counts.withLock { counts in
            if counts.open >= limits.connections { return .connections }
            let others = counts.awaiting - (other == nil ? 0 : 1)
            if limits.handshakes > 0, others >= limits.handshakes { return .handshakes }
            if let other { Self.endHandshake(of: other, &counts) }
            counts.open += 1
            counts.peak = max(counts.peak, counts.open)
            counts.awaiting += 1
            return nil
        }
        return limit.map { .failure(LimitError(limit: $0)) } ?? .success(Entry(client: nil, isAwaiting: true))
    }

    /// The header has named the client of a connection: its limits hold, as they do for one that is accepted.
    ///
    /// - Parameter other: a handshake that makes way, if this one is let in.
    /// - Returns: the entry that takes the place of the connection's; or the limit, and nothing has changed.
    func name(
        _ entry: Entry, _ client: IPAddress?, limits: AdmissionLimits, at now: Instant, insteadOf other: Entry? = nil
    ) -> Result<Entry, LimitError> {
        precondition(entry.isAwaiting, "a connection is named twice")
        let client = client?.network
        let limit: ListenerLimit? = counts.withLock { counts in
            if limits.perClient > 0, let client, (counts.clients[client]?.open ?? 0) >= limits.perClient {
                return .perClient
            }
            guard Self.hasToken(&counts, limits, at: now) else { return .handshakeRate }
            if let other { Self.endHandshake(of: other, &counts) }
            if let limit = Self.limitHit(ofHandshakeOf: client, counts, limits) {
                if let other { Self.beginHandshake(of: other, &counts) }
                return limit
            }
            Self.takeToken(&counts, limits, at: now)
            counts.awaiting -= 1
            Self.beginHandshake(ofNewcomer: client, &counts)
            return nil
        }
        return limit.map { .failure(LimitError(limit: $0)) } ?? .success(Entry(client: client))
    }

    private static func hasToken(_ counts: inout Counts, _ limits: AdmissionLimits, at now: Instant) -> Bool {
        let rate = limits.handshakeRate
        guard rate > 0 else { return true }
        if counts.bucket == nil { counts.bucket = TokenBucket(rate: rate, at: now) }
        return counts.bucket?.hasToken(rate: rate, at: now) == true
    }

    private static func takeToken(_ counts: inout Counts, _ limits: AdmissionLimits, at now: Instant) {
        if limits.handshakeRate > 0 { _ = counts.bucket?.take(rate: limits.handshakeRate, at: now) }
    }

    private static func beginHandshake(ofNewcomer client: IPAddress?, _ counts: inout Counts) {
        counts.handshaking += 1
        guard let client else { return }
        counts.clients[client, default: Share()].open += 1
        counts.clients[client, default: Share()].handshaking += 1
    }

    private static func limitHit(of client: IPAddress?, _ counts: Counts, _ limits: AdmissionLimits) -> ListenerLimit? {
        if limits.perClient > 0, let client, (counts.clients[client]?.open ?? 0) >= limits.perClient {
            return .perClient
        }
        return counts.open >= limits.connections ? .connections : nil
    }

    private static func limitHit(
        ofHandshakeOf client: IPAddress?, _ counts: Counts, _ limits: AdmissionLimits
    ) -> ListenerLimit? {
        if let share = limits.handshakeShare, let client, (counts.clients[client]?.handshaking ?? 0) >= share {
            return .handshakesPerClient
        }
        return limits.handshakes > 0 && counts.handshaking >= limits.handshakes ? .handshakes : nil
    }

    /// Notes how to ask a worker.
    func remember(worker index: Int, _ asking: @escaping Asking) { workers.withLock { $0[index] = asking } }

    /// The worker no longer has the listener.
    func forget(worker index: Int) { workers.withLock { $0[index] = nil } }

    /// How to ask the other workers.
    func workers(but index: Int) -> [Asking] { workers.withLock { $0.filter { $0.key != index }.map(\.value) } }

    /// One connection's handshake is over, successful or not.
    package func handshakeEnded(_ entry: Entry) {
        counts.withLock { counts in
            Self.endHandshake(of: entry, &counts)
        }
    }

    private static func beginHandshake(of entry: Entry, _ counts: inout Counts) {
        guard !entry.isAwaiting else { return counts.awaiting += 1 }
        counts.handshaking += 1
        if let client = entry.client { counts.clients[client]?.handshaking += 1 }
    }

    private static func endHandshake(of entry: Entry, _ counts: inout Counts) {
        guard !entry.isAwaiting else { return counts.awaiting -= 1 }
        counts.handshaking -= 1
        if let client = entry.client { counts.clients[client]?.handshaking -= 1 }
    }

    /// A connection that was taken in and never began.
    func giveBack(_ entry: Entry) {
        handshakeEnded(entry)
        connectionEnded(entry)
    }

    /// One connection is over; its handshake was before.
    package func connectionEnded(_ entry: Entry) {
        counts.withLock { counts in
            counts.open -= 1
            guard let client = entry.client, let share = counts.clients[client] else { return }
            if share.open > 1 { counts.clients[client]?.open -= 1 } else { counts.clients[client] = nil }
        }
    }

    /// What a connection was counted under.
    package struct Entry: Sendable {
        /// Its address, or the network of an IPv6 one.
        let client: IPAddress?
        /// A proxy's header is still to name it.
        var isAwaiting = false
    }

    /// A limit that is reached.
    package struct LimitError: Error, Sendable, Hashable {
        package let limit: ListenerLimit
    }
}

extension ListenerLimit {
    /// Whether it helps that another handshake makes way.
    var isOfHandshakes: Bool { self == .handshakes || self == .handshakesPerClient }
}

/// Lets `rate` events pass in a second, up to one second's worth at once.
struct TokenBucket: Sendable, Equatable {
    private var tokens: Double
    private var last: Instant

    /// A full bucket.
    init(rate: Int, at now: Instant) {
        tokens = Double(rate)
        last = now
    }

    /// Whether there is a token now.
    ///
    /// - Parameter rate: tokens a second, more than 0; it may change from call to call.
    mutating func hasToken(rate: Int, at now: Instant) -> Bool {
        tokens = min(Double(rate), tokens + (now - last).inSeconds * Double(rate))
        last = max(last, now)
        return tokens >= 1
    }

    /// Takes one token; `false` when there is none.
    mutating func take(rate: Int, at now: Instant) -> Bool {
        guard hasToken(rate: rate, at: now) else { return false }
        tokens -= 1
        return true
    }
}
