internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// Connects to the addresses of one server, of which the first that takes the connection has it (RFC 8305).
final class ConnectRace {
    /// How long an address has before the next one is tried beside it (RFC 8305 §5, Connection Attempt Delay).
    static let head = Duration.milliseconds(250)

    /// Those that began before the one of the state.
    var rivals: [UpstreamSide.Way] = []
    /// Why the first address failed that did so by no fault of ours.
    var failure: ConnectError?
    let client: UpstreamSide.Client
    let calls: UpstreamSide.Calls
    var timer: LoopEvent?

    init(for client: UpstreamSide.Client, _ calls: UpstreamSide.Calls) {
        self.client = client
        self.calls = calls
    }
}

extension UpstreamSide {
    /// Whom a connection is made for.
    struct Client {
        /// `nil` where it is not known.
        var address: IPAddress?
        /// What it has asked us for.
        var serverName: String?
    }

    /// What is called while it connects.
    struct Calls {
        /// Gets what a socket is ready for.
        let ready: (Stream, Readiness) -> Void
        /// The address takes its time: another may be tried beside it, by ``tryAnotherAddress()``.
        let slow: () -> Void
    }

    /// Begins to connect to the next server.
    ///
    /// - Parameters:
    ///   - client: whom the connection is made for.
    ///   - introduction: gives the chosen server's first bytes, which come before the client's and before TLS.
    /// - Returns: the result known at once: a Unix socket connects, or any connect fails, without waiting.
    func connectNext(
        for client: Client, _ introduction: (UpstreamServer) -> [UInt8], _ calls: Calls
    ) -> Connecting {
        loop.assertConfined()
        guard let upstream = route?.upstream, let next = picked.take() ?? route?.selection.next(at: loop.now) else {
            return .nobody
        }
        if tries.count == 0 {
            tries.first = loop.now
            upstream.group.begins()
        }
        tries.count += 1
        index = next.index
        server = upstream.servers[next.index]
        let target = upstream.group.servers[next.index]
        let race = ConnectRace(for: client, calls)
        self.race = race
        return connect(to: next.endpoint, introduction(target), upstream, next.index, race)
    }

    /// Begins to connect to an address, and where that fails at once to the server's next, beside those that are under way.
    ///
    /// The addresses of one server are one try: going on to the next spends nothing of what clients may retry.
    private func connect(
        to first: Endpoint, _ introduction: [UInt8], _ upstream: WorkerUpstream, _ index: Int, _ race: ConnectRace
    ) -> Connecting {
        var endpoint = first
        while true {
            do throws(ConnectError) {
                let (way, isConnected) = try begin(at: endpoint, introduction, upstream, upstream.tls[index], race)
                if case .connecting(let latest) = state { race.rivals.append(latest) }
                state = .connecting(way)
                if isConnected { return won(way) }
                awaitHead(in: race)
                return .underWay
            } catch {
                let next = route?.selection.nextAddress()
                guard next != nil || state.way != nil else {
                    remember(endpoint, error)
                    return failed(race.failure ?? error)
                }
                addressFailed(endpoint, error)
                guard let next else { return .underWay }
                endpoint = next
            }
        }
    }

    /// Begins to connect to an address.
    private func begin(
        at endpoint: Endpoint, _ introduction: [UInt8], _ upstream: WorkerUpstream, _ tls: UpstreamTLS?,
        _ race: ConnectRace
    ) throws(ConnectError) -> (way: Way, isConnected: Bool) {
        let (socket, isConnected): (Socket, Bool)
        switch Socket.connect(to: endpoint, with: upstream.group.tcp, for: race.client.address) {
        case .connected(let made): (socket, isConnected) = (made, true)
        case .inProgress(let made): (socket, isConnected) = (made, false)
        case .failed(let errno): throw .system(errno)
        }
        let way: Way
        do throws(ClientError) {
            way = try makeWay(over: socket, to: endpoint, introduction, tls, for: race.client)
        } catch {
            socket.close()
            throw if case .context = error { .tls(error.description) } else { .name(error.description) }
        }
        do throws(EventLoopError) {
            let (ready, stream) = (race.calls.ready, way.stream)
            try stream.start { [unowned stream] in ready(stream, $0) }
        } catch {
            leave(way, .none)
            throw .system(error.errno)
        }
        return (way, isConnected)
    }

    private func makeWay(
        over socket: Socket, to endpoint: Endpoint, _ introduction: [UInt8], _ tls: UpstreamTLS?, for client: Client
    ) throws(ClientError) -> Way {
        guard let tls else {
            let stream = Stream(socket, .plain, with: buffers, isConnected: false)
            return Way(over: stream, nil, introduction, to: endpoint, at: loop.now)
        }
        let output = buffers.upstreamOutput
        let encrypted = try EncryptedWay(tls, tls.names(for: client.serverName), at: endpoint, output)
        let stream = Stream(socket, .tls(encrypted.stream, output), with: buffers, isConnected: false)
        return Way(over: stream, encrypted, introduction, to: endpoint, at: loop.now)
    }

    /// Goes on connecting, as a socket's readiness allows.
    ///
    /// - Returns: `nil` when a server has accepted already, or no connect is under way.
    func goOn(_ stream: Stream, _ readiness: Readiness) -> Connecting? {
        loop.assertConfined()
        guard case .connecting(let latest) = state else { return nil }
        let way = latest.stream === stream ? latest : race?.rivals.first { $0.stream === stream }
        guard let way else { return .underWay }
        stream.note(readiness)
        // A connect that failed reports readable as well; one that succeeded does so only with bytes already there,
        // and asking the socket is then one system call in a rare case.
        if readiness.isReadable, let errno = stream.pendingError() { return addressFailed(way, errno) }
        guard readiness.rawValue != 0 else { return .underWay }
        return won(way)
    }

    /// The server has taken too long to accept, or none has come in time.
    func connectTimedOut() -> Connecting {
        guard case .waiting(let ticket) = state else {
            handshakeBroke(.timeout, .timeout)
            return failed(.timeout)
        }
        leaveRoom(ticket, .late)
        return .tooLate
    }

    // MARK: The race

    /// Gives the address a head start, if the server has another.
    private func awaitHead(in race: ConnectRace) {
        guard route?.selection.hasAnotherAddress == true else { return }
        let timer = race.timer ?? LoopEvent.timer(on: loop, race.calls.slow)
        race.timer = timer
        timer.schedule(after: ConnectRace.head)
    }

    /// Tries the server's next address beside those that are under way.
    func tryAnotherAddress() -> Connecting {
        guard case .connecting(let latest) = state, let race, let upstream = route?.upstream, let index,
            let endpoint = route?.selection.nextAddress()
        else { return .underWay }
        return connect(to: endpoint, latest.introduction, upstream, index, race)
    }

    /// An address did not take the connection; the server has failed when none is left.
    private func addressFailed(_ way: Way, _ errno: SystemErrno) -> Connecting {
        guard let race else { return failed(.system(errno)) }
        guard let other = race.rivals.popLast() else {
            guard let upstream = route?.upstream, let index, let next = route?.selection.nextAddress() else {
                return failed(race.failure ?? .system(errno))
            }
            addressFailed(way.endpoint, .system(errno))
            leave(way, .none)
            state = .none
            return connect(to: next, way.introduction, upstream, index, race)
        }
        addressFailed(way.endpoint, .system(errno))
        if case .connecting(let latest) = state, latest !== way {
            // One of those that began before.
            race.rivals.append(other)
            race.rivals.removeAll { $0 === way }
        } else {
            state = .connecting(other)
        }
        leave(way, .none)
        return tryAnotherAddress()
    }

    /// An address failed, and the server has others.
    private func addressFailed(_ endpoint: Endpoint?, _ why: ConnectError) {
        server?.failed(why.reason)
        if let race, !why.isOurs { race.failure = race.failure ?? why }
        remember(endpoint, why)
    }

    /// Lets clients try the other addresses before this one for a while.
    func remember(_ endpoint: Endpoint?, _ why: ConnectError) {
        guard let index, let endpoint, !why.isOurs else { return }
        route?.upstream.group.servers[index].failed(endpoint, at: loop.now)
    }

    private func won(_ way: Way) -> Connecting {
        if let race { leaveBehind(way, race) }
        endRace()
        return accepted(way)
    }

    private func leaveBehind(_ way: Way, _ race: ConnectRace) {
        if case .connecting(let latest) = state, latest !== way { race.rivals.append(latest) }
        race.rivals.removeAll { $0 === way }
        // Those that had a head start and lost it all the same would cost the next client as much. A timer's clock may be some
        // milliseconds ahead of ours.
        for rival in race.rivals where way.since - rival.since >= ConnectRace.head / 2 {
            remember(rival.endpoint, .timeout)
        }
    }

    /// Closes the connects beside the one of the state.
    func endRace() {
        guard let race else { return }
        for way in race.rivals { leave(way, .none) }
        race.timer?.close()
        self.race = nil
    }
}
