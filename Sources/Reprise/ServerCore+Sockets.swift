internal import Glibc
internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseProxy
internal import RepriseVocabulary

/// Which sockets are open, and which workers accept on them.
extension ServerCore {
    /// Opens the endpoints of the plan that are not open yet; all or none.
    func openSockets(
        of plan: Plan, workers: Int, besides open: [String: [ListeningSockets]] = [:]
    ) throws(RepriseError) -> [String: [ListeningSockets]] {
        var opened: [String: [ListeningSockets]] = [:]
        for listener in plan.listeners {
            for bind in listener.bind
            where !(open[listener.name] ?? []).contains(where: { $0.configured == bind.value }) {
                do {
                    opened[listener.name, default: []] += try sockets(
                        for: bind.value, of: listener, plan, workers: workers, besides: Array(open.values.joined()))
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
        for endpoint: Endpoint, of listener: ListenerPlan, _ plan: Plan, workers: Int, besides open: [ListeningSockets]
    ) throws(SocketError) -> [ListeningSockets] {
        let handed = inherited.serving(endpoint)
        if !handed.isEmpty { return try takeOver(handed, for: endpoint, of: listener, plan, workers: workers) }
        // Port 0 is another port each time.
        if case .ip(_, port: 0) = endpoint {
            return [try .open(endpoint, workers: workers, with: listener.tcp.options)]
        }
        if let ours = open.first(where: { $0.configured == endpoint }) { return [try ours.copied()] }
        do throws(SocketError) {
            return [
                try .open(
                    endpoint, workers: workers, with: listener.tcp.options,
                    isOurs: open.contains {
                        $0.overlaps(endpoint, takesIPv6Alone: listener.tcp.options.takesIPv6Alone)
                    })
            ]
        } catch {
            guard error.isInUse, let obstacle = inherited.obstacle(at: endpoint) else { throw error }
            var error = error
            error.obstacle = obstacle
            throw error
        }
    }

    /// Copies of sockets that systemd handed over: a refused reload closes them again, and a later one may need them.
    private func takeOver(
        _ handed: [InheritedSockets.Inherited], for endpoint: Endpoint, of listener: ListenerPlan, _ plan: Plan,
        workers: Int
    ) throws(SocketError) -> [ListeningSockets] {
        let named = listener.bind.map(\.value)
        var taken: [ListeningSockets] = []
        for one in handed {
            // The kernel cannot tell the listeners apart: a client of one family would reach either.
            if let other = plan.listeners.first(where: { other in
                other.name != listener.name && other.bind.contains { one.serves($0.value) }
            }) {
                var error = SocketError(operation: "take over", endpoint: endpoint, errno: .addressInUse)
                error.obstacle =
                    "systemd's socket at \(one.endpoint) serves the listener \(other.name) too: give the socket unit "
                    + "BindIPv6Only=ipv6-only, and both addresses"
                throw error
            }
            // The plan names it twice, once for each family: once is enough.
            if one.endpoint != endpoint, named.contains(one.endpoint) { continue }
            let takesAll = endpoint.address?.isIPv6 == true && !listener.tcp.options.takesIPv6Alone
            if !takesAll, let surplus = one.surplus(beyond: endpoint, named) {
                log.warning(
                    "an inherited socket takes more clients than the listener names",
                    [
                        ("listener", .string(listener.name)), ("address", .string("\(endpoint)")),
                        ("socket", .string("\(one.endpoint)")), ("clients", .string(surplus)),
                    ])
            }
            var sockets = try ListeningSockets.shared(
                ListeningSockets.copy(of: one.socket, endpoint), endpoint, workers)
            sockets.isInherited = true
            taken.append(sockets)
        }
        return taken
    }

    /// Closes the sockets from systemd that no listener uses: a client there would wait for ever.
    func giveUpInherited(but plan: Plan) {
        for gone in inherited.giveUp(allBut: plan.listeners.flatMap { $0.bind.map(\.value) }) {
            log.warning(
                "no listener wants an inherited socket, which is closed", [("address", .string("\(gone.endpoint)"))])
        }
    }

    /// Closes sockets that no worker has accepted on, and removes their files.
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
                        // Otherwise the kernel would go on giving it a share of the clients.
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

    /// Sets the TCP options of the plan on sockets that were open before, or that systemd has opened.
    func adaptSockets(to plan: Plan) {
        for listener in plan.listeners {
            var waiting: Set<String> = []
            for index in sockets[listener.name, default: []].indices {
                do throws(SocketError) {
                    waiting.formUnion(
                        try sockets[listener.name, default: []][index].adapt(to: listener.tcp.options))
                } catch {
                    log.warning(
                        "an option of a listening socket is not set",
                        [("listener", .string(listener.name)), ("reason", .string("\(error)"))])
                }
            }
            for option in waiting.sorted() {
                log.warning(
                    "a changed option needs a restart",
                    [("listener", .string(listener.name)), ("option", .string(option))])
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
                let isWanted = plan.listeners.contains { other in
                    other.bind.contains { bind in
                        inherited.serving(bind.value).contains { $0.endpoint == endpoint.bound }
                    }
                }
                guard endpoint.isInherited, !isWanted else { continue }
                log.warning(
                    "no listener wants an inherited socket any more: its clients wait until a reload names it again",
                    [("address", .string("\(endpoint.bound)"))])
            }
        }
    }

    /// Removes the file of a Unix socket that we made and that no listener of ours has now.
    func removeFile(of gone: ListeningSockets) {
        guard case .unix(let path) = gone.configured, !gone.isInherited, let made = gone.file,
            made == ListeningSockets.FileIdentity(gone.configured),
            !sockets.values.joined().contains(where: { $0.configured == gone.configured })
        else { return }
        unlink(path)
    }
}
