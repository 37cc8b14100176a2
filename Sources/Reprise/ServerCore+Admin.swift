internal import RepriseAdmin
internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseMetrics
internal import RepriseVocabulary

/// The admin endpoint of a plan.
extension ServerCore {
    /// Starts a new endpoint if the plan has one.
    func startAdmin(_ plan: Plan) throws(RepriseError) -> AdminServer? {
        guard let admin = plan.admin else { return nil }
        do {
            let server = try AdminServer(registry: registry, settings: AdminSettings(admin))
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
