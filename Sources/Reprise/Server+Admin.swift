internal import RepriseAdmin
internal import RepriseConfiguration
internal import RepriseMetrics
internal import RepriseVocabulary

/// The admin endpoint of a plan.
extension Server {
    /// Starts a new endpoint if the plan has one.
    func startAdmin(_ plan: Plan) throws(RepriseError) -> AdminServer? {
        guard let admin = plan.admin else { return nil }
        do {
            let server = try AdminServer(registry: registry, settings: AdminSettings(admin))
            let bound = try server.start(on: admin.bind.value)
            log.notice("admin listening", [("address", .string("\(bound)"))])
            return server
        } catch {
            throw .cannotStart("\(admin.bind.source): \(error)")
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
