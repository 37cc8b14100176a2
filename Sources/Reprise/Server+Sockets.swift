internal import Configuration
internal import EventLoop
internal import Glibc
internal import Metrics
internal import Proxy
internal import Vocabulary

/// Which sockets are open, and who accepts on them.
extension Server {
    /// Opens what the plan binds and is not open yet; all or nothing.
    func openSockets(
        of plan: Plan, workers: Int, besides open: [String: [ListeningSockets]] = [:]
    ) throws(RepriseError) -> [String: [ListeningSockets]] {
        var opened: [String: [ListeningSockets]] = [:]
        for listener in plan.listeners {
            for bind in listener.bind
            where !(open[listener.name] ?? []).contains(where: { $0.configured == bind.value }) {
                do {
                    opened[listener.name, default: []].append(
                        try sockets(for: bind.value, workers: workers, besides: Array(open.values.joined())))
                } catch {
                    closeUnused(opened)
                    throw .cannotStart("\(bind.source): \(error)")
                }
            }
        }
        return opened
    }

    /// Sockets for an endpoint: handed over by systemd or by a listener of ours that had it under another name, or new.
    private func sockets(
        for endpoint: Endpoint, workers: Int, besides open: [ListeningSockets]
    ) throws(SocketError) -> ListeningSockets {
        if let socket = inherited.sockets[endpoint] {
            // A copy: a refused reload gives it up again, and a later one may want it back.
            var sockets = try ListeningSockets.shared(ListeningSockets.copy(of: socket, endpoint), endpoint, workers)
            sockets.isInherited = true
            return sockets
        }
        // Port 0 is another port each time.
        if case .ip(_, port: 0) = endpoint { return try .open(endpoint, workers: workers) }
        if let ours = open.first(where: { $0.configured == endpoint }) { return try ours.copied() }
        return try .open(endpoint, workers: workers, isOurs: open.contains { $0.overlaps(endpoint) })
    }

    /// Closes sockets that nobody has accepted on, with the files of theirs.
    func closeUnused(_ opened: [String: [ListeningSockets]]) {
        for endpoint in opened.values.joined() {
            endpoint.close()
            removeFile(of: endpoint)
        }
    }

    /// Lets the workers accept on newly opened sockets.
    func accept(on opened: [String: [ListeningSockets]]) async {
        for (name, listener) in opened.sorted(by: { $0.key < $1.key }) {
            for endpoint in listener {
                for (worker, socket) in zip(workers, endpoint.sockets) {
                    do {
                        try await worker.accept(on: socket, for: name, boundTo: endpoint.configured)
                    } catch {
                        // The kernel would go on to give it a share of the clients.
                        socket.close()
                        log.error(
                            "a worker cannot accept", [("listener", .string(name)), ("reason", .string("\(error)"))])
                    }
                }
                sockets[name, default: []].append(endpoint)
                log.notice(
                    "listening", [("listener", .string(name)), ("address", .string("\(endpoint.bound)"))])
            }
        }
    }

    /// Closes the sockets that the plan no longer binds, behind the clients that wait in them.
    func stopAccepting(butAt plan: Plan) async {
        for (name, listener) in sockets {
            let kept = Set(plan.listeners.first { $0.name == name }?.bind.map(\.value) ?? [])
            let gone = listener.filter { !kept.contains($0.configured) }
            guard !gone.isEmpty else { continue }
            for worker in workers { await worker.stopAccepting(name, at: gone.map(\.configured)) }
            sockets[name] = listener.filter { kept.contains($0.configured) }
            for endpoint in gone {
                removeFile(of: endpoint)
                log.notice(
                    "no longer listening", [("listener", .string(name)), ("address", .string("\(endpoint.bound)"))])
            }
        }
    }

    /// Takes away the file of a Unix socket that we made and no listener of ours has any more.
    func removeFile(of gone: ListeningSockets) {
        guard case .unix(let path) = gone.configured, !gone.isInherited, let made = gone.file,
            made == ListeningSockets.FileIdentity(gone.configured),
            !sockets.values.joined().contains(where: { $0.configured == gone.configured })
        else { return }
        unlink(path)
    }
}
