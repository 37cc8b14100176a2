internal import RepriseAdmin
internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseVocabulary

/// The admin endpoint of a plan.
extension ServerCore {
    /// Logs what an operator has changed of a server.
    private var operatorChanged: @Sendable (String, String, AdminServerChange) -> Void {
        { [log] upstream, server, change in
            var fields: [(String, LogValue)] = [("upstream", .string(upstream)), ("server", .string(server))]
            if let isDrained = change.isDrained { fields.append(("drained", .string(isDrained ? "yes" : "no"))) }
            if let percent = change.percent { fields.append(("percent", .int(Int64(percent)))) }
            log.notice("an operator has changed an upstream server", fields)
        }
    }

    /// Starts a new endpoint if the plan has one.
    func startAdmin(_ plan: Plan) throws(RepriseError) -> AdminServer? {
        guard let admin = plan.admin else { return nil }
        do {
            let server = try AdminServer(
                registry: registry, settings: AdminSettings(admin), upstreams: board.face(operatorChanged))
            let bound = try server.start(on: admin.bind.value)
            log.notice("admin listening", [("address", .string("\(bound)"))])
            return server
        } catch {
            guard var inUse = error as? SocketError, inUse.isInUse, inherited.holds(admin.bind.value) else {
                throw .cannotStart("\(admin.bind.source): \(error)")
            }
            inUse.obstacle =
                "a socket of systemd's has it, and listeners alone take those over: give admin an address of its own"
            throw .cannotStart("\(admin.bind.source): \(inUse)")
        }
    }
}

extension AdminSettings {
    init(_ plan: AdminPlan) {
        // No browser reaches a Unix socket.
        let isUnix = if case .unix = plan.bind.value { true } else { false }
        self.init(connections: plan.connections, hosts: AdminHosts(isUnix ? ["*"] : plan.hosts))
    }
}
