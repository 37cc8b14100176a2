internal import Glibc
internal import RepriseEventLoop
internal import RepriseVocabulary

/// Listening sockets that systemd has opened for us (sd_listen_fds(3)).
struct InheritedSockets: Sendable {
    /// The first descriptor that systemd hands over.
    static let firstDescriptor: CInt = 3
    /// The most that we take over.
    static let maximum: CInt = 1024

    /// Those that may serve a listener; ours for as long as the process lives, as they are systemd's.
    private(set) var sockets: [Inherited] = []
    /// Descriptors handed over that are no listening stream sockets.
    private(set) var unusable: [CInt] = []
    /// What the environment says in a way that cannot be read; `nil` when it can.
    private(set) var unreadable: String?
    /// How many more systemd announced than we take over.
    private var beyond = 0

    /// Those in words; `nil` for none.
    var unusableWords: String? {
        guard !unusable.isEmpty || beyond > 0 else { return nil }
        let shown = unusable.prefix(Self.maximumListed).map { "\($0)" }.joined(separator: ", ")
        let more = unusable.count - Self.maximumListed + beyond
        return unusable.count > Self.maximumListed || beyond > 0 ? "\(shown) and \(more) more" : shown
    }

    /// How many descriptors a message lists.
    private static let maximumListed = 10
    /// Those that no listener wanted at the start; systemd still holds them.
    private(set) var givenUp: [Inherited] = []

    /// One of them, as the kernel sees it.
    struct Inherited: Sendable {
        let socket: Socket
        let endpoint: Endpoint
        /// `[::]` of a bare port, which takes IPv4 clients too.
        let isDualStack: Bool

        /// Whether it takes every client of that endpoint.
        func serves(_ wanted: Endpoint) -> Bool {
            if endpoint == wanted { return true }
            switch (endpoint, wanted) {
            case (.ip(let address, let port), .ip(let other, let otherPort)):
                return isDualStack && port == otherPort && address.isUnspecified && other.isUnspecified
            case (.unix, .unix):
                let file = ListeningSockets.FileIdentity(endpoint)
                return file != nil && file == ListeningSockets.FileIdentity(wanted)
            case (.ip, .unix), (.unix, .ip): return false
            }
        }

        /// Whether the kernel refuses a socket of our own there because of this one.
        func blocks(_ wanted: Endpoint) -> Bool {
            if serves(wanted) { return true }
            guard case .ip(let address, let port) = endpoint, case .ip(let other, port) = wanted else { return false }
            let meet = address == other || address.isUnspecified || other.isUnspecified
            return meet && (address.isIPv6 == other.isIPv6 || isDualStack && !other.isIPv6)
        }

        /// Which clients it takes besides those that a listener names; `nil` for none.
        func surplus(beyond wanted: Endpoint, _ others: [Endpoint]) -> String? {
            guard isDualStack, case .ip(let address, let port) = wanted, address.isUnspecified else { return nil }
            let other = address.isIPv6 ? IPAddress(ipv4: 0) : IPAddress(ipv6High: 0, low: 0)
            guard !others.contains(.ip(other, port: port)) else { return nil }
            return address.isIPv6 ? "IPv4" : "IPv6"
        }
    }

    /// Takes over what `LISTEN_FDS` announces, if `LISTEN_PID` names this process.
    init(environment: [String: String], process: Int32 = getpid()) {
        guard let announced = environment["LISTEN_FDS"], let owner = environment["LISTEN_PID"], announced + owner != ""
        else { return }
        guard let owner = Int32(owner) else {
            unreadable = "LISTEN_PID=\(owner) names no process"
            return
        }
        // The variables were meant for a process that started this one.
        guard owner == process else { return }
        guard let count = CInt(announced), count >= 0 else {
            unreadable = "LISTEN_FDS=\(announced) is no number of sockets"
            return
        }
        beyond = Int(max(0, count - Self.maximum))
        for descriptor in Self.firstDescriptor..<Self.firstDescriptor + min(count, Self.maximum) {
            if let socket = Socket.inherited(descriptor), let endpoint = socket.localEndpoint {
                // A socket bound to `::ffff:0.0.0.0` is of IPv6's family, but takes only IPv4.
                let isDualStack = endpoint.address?.isIPv6 == true && socket.isDualStack
                sockets.append(Inherited(socket: socket, endpoint: endpoint, isDualStack: isDualStack))
            } else {
                unusable.append(descriptor)
            }
        }
    }

    /// Those that serve an endpoint, those bound to exactly it first; several share a port's clients (SO_REUSEPORT),
    /// and we must accept from all of them.
    func serving(_ wanted: Endpoint) -> [Inherited] {
        let exact = sockets.filter { $0.endpoint == wanted }
        return exact.isEmpty ? sockets.filter { $0.serves(wanted) } : exact
    }

    /// Closes those that serve none of the endpoints.
    ///
    /// - Returns: those.
    mutating func giveUp(allBut wanted: [Endpoint]) -> [Inherited] {
        let gone = sockets.filter { socket in !wanted.contains(where: socket.serves) }
        sockets.removeAll { socket in !wanted.contains(where: socket.serves) }
        for inherited in gone { inherited.socket.close() }
        givenUp += gone
        return gone
    }

    /// Whether an endpoint is in use because of one of them.
    func holds(_ wanted: Endpoint) -> Bool { (sockets + givenUp).contains { $0.blocks(wanted) } }

    /// What is to be said when an endpoint is in use because of one of them.
    func obstacle(at wanted: Endpoint) -> String? {
        guard let other = (sockets + givenUp).first(where: { $0.blocks(wanted) }) else { return nil }
        return other.serves(wanted)
            ? "systemd holds it in a socket that no listener wanted at the start: only a restart takes it over"
            : "systemd's socket at \(other.endpoint)\(other.isDualStack ? ", which takes IPv4 too," : "") has it: "
                + "give the listener that address, or the socket unit this one"
    }
}
