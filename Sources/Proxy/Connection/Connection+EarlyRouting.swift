internal import RepriseEventLoop
internal import RepriseResumption
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// A router's answer, or why there is none.
typealias RouterResult = Result<Route, RoutingFailure>

/// What is decided of a route before the last flight of a full TLS 1.2 handshake, in which the client gets its session.
enum EarlyRoute {
    /// No program is asked: what leads to a group takes no time.
    case builtIn
    /// What the router has answered; it is followed when the handshake is done.
    case answered(RouterResult)
    case refused(TLSAlert)
}

/// A router's answer that is still to come. Confined to its loop.
final class RouterQuestion {
    let askedAt: Instant
    private let task: Task<Void, Never>
    private var timer: LoopEvent?

    init(_ task: Task<Void, Never>, askedAt: Instant) {
        (self.task, self.askedAt) = (task, askedAt)
    }

    /// Has `late` called if it is not ended by then.
    func setDeadline(_ deadline: Duration, on loop: EventLoop, _ late: @escaping () -> Void) {
        let timer = LoopEvent.timer(on: loop, late)
        self.timer = timer
        timer.schedule(after: deadline)
    }

    /// Nobody waits for it any more.
    func end() {
        task.cancel()
        timer?.close()
        timer = nil
    }
}

/// Routers of a full TLS 1.2 handshake are asked before the client's ChangeCipherSpec: what they have the session
/// remember is in the first ticket, and their alert can still be sent.
extension Connection {
    /// Asks where to go while the handshake pauses.
    ///
    /// - Returns: whether the handshake goes on; otherwise the router needs time, or refuses.
    func routeBeforeFinished() -> Bool {
        guard routing == nil else { return false }
        if early == nil { client.tls.withAgreement { askEarly() } }
        switch early {
        case nil: return false
        case .refused(let alert):
            listener.metrics.routing.count(.refused)
            handshakeFailed(client.tls.refuseBeforeFinished(with: alert))
            return false
        case .builtIn, .answered:
            client.tls.goOnToFinished()
            return true
        }
    }

    private func askEarly() {
        switch leaf() {
        case .group: early = .builtIn
        case .refusal(.alert(let alert)) where alert.isFatal: early = .refused(alert)
        case .refusal: early = .builtIn
        case .plugged(let plugged): if let answer = ask(plugged) { decide(answer) }
        }
    }

    /// The router has answered, is too late or has failed: the handshake goes on.
    func goOnToFinished(_ answer: RouterResult) {
        client.tls.withAgreement { decide(answer) }
        client.stream.goOn(
            opening: { driveHandshake() }, while: { machine.client.readsClient }, { takeFromClient($0, $1) })
        mayReceive(from: .client)
    }

    /// Has the session remember what the answer says; the rest follows when the handshake is done.
    private func decide(_ answer: RouterResult) {
        early = .answered(answer)
        guard case .success(let route) = answer else { return }
        do throws(RoutingFailure) {
            let destination = try listener.routing.table.resolve(route.target)
            if case .nowhere(.alert(let alert)) = destination, alert.isFatal { return early = .refused(alert) }
            if let data = route.applicationData { try remember(data) }
            // Only the Finished proves that there is a client: a group chooses then (``chooseBeforeFinished()``).
            guard case .server(let index, let group, _) = destination, group.keepsAffinity else { return }
            record.affinity = .new
            client.sessions.remember(group.memory(of: index))
        } catch {
            early = .answered(.failure(error))
        }
    }

    /// The group that the connection will go to, known before the client's session is made.
    func groupBeforeFinished() -> UpstreamGroup? {
        switch early {
        case nil, .builtIn:
            guard case .group(let group) = leaf() else { return nil }
            return group
        case .answered(.success(let route)):
            guard case .group(let group)? = try? listener.routing.table.resolve(route.target) else { return nil }
            return group
        case .answered(.failure), .refused: return nil
        }
    }

    /// The handshake has failed: what the router has answered is followed no more, but what it did wrong counts.
    func earlyRouteIsOver() {
        guard case .answered(.failure(let why)) = early else { return }
        listener.metrics.routing.count(why.result)
        worker.log.notRouted(listener, record, asked?.name, why)
    }
}
