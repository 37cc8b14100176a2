internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseResumption
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// Where the connection goes: the question to the listener's router, and what follows from the answer.
extension Connection {
    /// How long a router's function may take before it counts as one that blocks its worker.
    static let stall = Duration.milliseconds(10)

    /// Finds out where to go: a program's router answers at once, or in a turn of its own.
    func route() {
        if case .answered(let answer) = early { return follow(answer) }
        switch leaf() {
        case .group(let group): go(to: group)
        case .refusal(let refusal): refuse(refusal)
        case .plugged(let plugged): if let answer = ask(plugged) { follow(answer) }
        }
    }

    /// Where the listener's own steps lead.
    func leaf() -> RoutingStep.Leaf {
        var terms = RouteTerms()
        defer { self.terms = terms }
        return listener.routing.first.leaf(for: ConnectionView(self), &terms)
    }

    private func follow(_ answer: RouterResult) {
        switch answer {
        case .success(let route): take(route)
        case .failure(let why): notRouted(why)
        }
    }

    /// - Returns: its answer; `nil` when it needs time.
    func ask(_ plugged: PluggedRouter) -> RouterResult? {
        asked = plugged
        let begin = Clocks.monotonic()
        let answer = plugged.router.route(RouteRequest(ConnectionView(self), listener.routing.table))
        let took = Clocks.monotonic() - begin
        if took > Self.stall { stalled(plugged, took) }
        switch answer {
        case .now(let route):
            listener.metrics.routing.answered(after: took)
            return .success(route)
        case .later(let find):
            wait(for: find, askedAt: begin)
            return nil
        }
    }

    private func stalled(_ plugged: PluggedRouter, _ took: Duration) {
        listener.metrics.routing.stalls.add(1)
        if plugged.mayWarn(at: worker.loop.now) { worker.log.routerStalled(listener, plugged.name, took) }
    }

    /// Lets this connection wait for the router's answer, until `timeouts.route`.
    private func wait(for find: @escaping @Sendable () async throws -> Route, askedAt asked: Instant) {
        let place = WeakWorker(worker)
        let task = Task(executorPreference: worker.loop) { [id] in
            let answer: RouterResult
            do {
                answer = .success(try await find())
            } catch {
                answer = .failure(.failed("\(error)".shortenedForLog))
            }
            place.execute { core in
                guard let connection = core.connection(id) else { return }
                connection.turn { connection.routerAnswered(answer) }
            }
        }
        routing = RouterQuestion(task, askedAt: asked)
        guard machine.isHandshaking else { return }
        // Its timer is the handshake's.
        routing?.setDeadline(listener.settings.timeouts.route, on: worker.loop) { [unowned self] in
            turn { routerAnswered(.failure(.late)) }
        }
    }

    private func routerAnswered(_ answer: RouterResult) {
        // One that comes too late is not listened to.
        guard forgetRouter() else { return }
        if machine.isHandshaking { return goOnToFinished(answer) }
        guard case .routing? = machine.exchange?.phase else { return }
        follow(answer)
    }

    /// No longer waits for the router.
    ///
    /// - Returns: whether it did.
    @discardableResult
    func forgetRouter() -> Bool {
        guard let question = routing.take() else { return false }
        question.end()
        listener.metrics.routing.answered(after: Clocks.monotonic() - question.askedAt)
        return true
    }

    private func take(_ route: Route) {
        do throws(RoutingFailure) {
            let destination = try listener.routing.table.resolve(route.target)
            // What was said before the handshake's end is remembered; an observer may have changed it since.
            if let data = route.applicationData, early == nil { try remember(data) }
            if let version = route.sendProxy { terms.sendProxy = version }
            if let count = route.tickets { client.tls.plan(heldTickets: min(max(count, 0), Route.maximumTickets)) }
            switch destination {
            case .nowhere(let refusal): refuse(refusal)
            case .group(let group): go(to: group)
            case .server(let index, let group, let orOthers):
                go(to: group, group.begin(with: index, orOthers: orOthers, hash: hash(for: group)))
            }
        } catch {
            notRouted(error)
        }
    }

    func remember(_ data: [UInt8]) throws(RoutingFailure) {
        do throws(ApplicationDataError) {
            try client.sessions.setApplicationData(data)
        } catch {
            // Where nothing is resumed there is nothing to remember it.
            if case .noSession = error { return }
            throw .failed("\(error)")
        }
    }

    private func go(to group: UpstreamGroup, _ selection: UpstreamGroup.Selection? = nil) {
        guard machine.routed() else { return }
        if asked != nil || !listener.routing.isPlain { listener.metrics.routing.count(.routed) }
        if let selection {
            upstream.go(to: listener.upstream(group, terms.tls), selection)
        } else if !upstream.isRouted {
            // In TLS 1.2 the choice may have been made already.
            choose(in: group)
        }
        connect()
    }

    /// Begins to choose servers of a group, the one that the session remembers before others.
    func choose(in group: UpstreamGroup) {
        var (index, result): (Int?, AffinityResult?) = (nil, nil)
        if group.keepsAffinity { (index, result) = group.remembered(client.sessions.upstream) }
        record.affinity = result
        upstream.go(
            to: listener.upstream(group, terms.tls), group.begin(hash: hash(for: group), preferring: index))
    }

    /// A server has taken the connection: the session remembers it from now on.
    func rememberUpstream() {
        guard let (group, index) = upstream.chosen, group.keepsAffinity else { return }
        let memory = group.memory(of: index)
        let remembered = client.sessions.upstream
        // A router's own choice is as good as any.
        var result = record.affinity ?? (remembered == nil ? .new : remembered == memory ? .kept : .moved)
        if result == .kept, remembered != memory { result = .moved }
        record.affinity = result
        listener.upstream(group, terms.tls).came(of: result)
        client.sessions.remember(memory)
    }

    /// Chooses the server of a full TLS 1.2 handshake before its last flight, in which the client gets the session: so the
    /// session remembers the server from the beginning.
    ///
    /// A program's router has been asked by then (``routeBeforeFinished()``).
    func chooseBeforeFinished() -> UpstreamMemory? { client.tls.withAgreement { chooseNow() } }

    private func chooseNow() -> UpstreamMemory? {
        guard let group = groupBeforeFinished(), group.keepsAffinity else { return nil }
        choose(in: group)
        return upstream.pick().map { group.memory(of: $0) }
    }

    /// What decides on a server where the group hashes; without a name or a lineage, the client does.
    private func hash(for group: UpstreamGroup) -> UInt64 {
        switch group.hashes {
        case .sni: if let serverName { return StableHash.of(serverName: serverName) }
        case .lineage: if let lineage = client.sessions.lineageToCome { return StableHash.of(lineage: lineage.id) }
        case .client: break
        case nil: return 0
        }
        return StableHash.of(client: record.client)
    }

    /// The router has refused the connection.
    private func refuse(_ refusal: RouteRefusal) {
        guard case .routing? = machine.exchange?.phase else { return }
        listener.metrics.routing.count(.refused)
        switch refusal {
        case .alert(let alert) where alert.isFatal && client.tls.refuse(with: alert): end(.refusedByAlert(alert))
        case .alert, .close:
            guard end(.refused) else { return }
            client.issueHeldTickets()
            client.sendCloseNotify()
        case .silently: end(.refusedSilently)
        }
    }

    @discardableResult
    private func end(_ why: ConnectionMachine.NotRouted) -> Bool {
        guard machine.notRouted(why) else { return false }
        record.detail = "the router refuses it"
        return true
    }

    /// There is no route.
    func notRouted(_ why: RoutingFailure) {
        guard machine.notRouted() else { return }
        listener.metrics.routing.count(why.result)
        record.detail = why.detail
        worker.log.notRouted(listener, record, asked?.name, why)
        forgetRouter()
        // Its next handshake should cost no more for that.
        client.issueHeldTickets()
    }
}

extension TLSAlert {
    /// Whether it ends a connection: all but close_notify and user_canceled (RFC 8446 §6). libssl sends only those that it
    /// knows.
    var isFatal: Bool { self != .closeNotify && code != 90 && Self.names[code] != nil }
}

extension String {
    /// A router's own words, as far as a line of the log has room for them.
    fileprivate var shortenedForLog: String { count > 200 ? prefix(200) + "…" : self }
}
