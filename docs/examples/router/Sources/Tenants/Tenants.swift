import Reprise

/// Sends clients to their tenant's group. The first visit decides, by the first label of the name that the client asks for; its
/// session keeps that claim, and later visits go by it.
struct ByTenant: UpstreamRouter {
    func route(_ request: borrowing RouteRequest) -> RouteAnswer {
        let claim = String(decoding: request.connection.applicationData, as: UTF8.self)
        let label = request.connection.serverName?.split(separator: ".").first.map(String.init)
        guard let tenant = claim.isEmpty ? label : claim, request.hasGroup(tenant) else { return .now(.refuse(.close)) }
        var route = Route.group(tenant)
        route.applicationData = Array(tenant.utf8)
        return .now(route)
    }
}

@main struct Tenants {
    static func main() async throws {
        var options = Server.Options()
        options.routers["by-tenant"] = ByTenant()
        try await Server(.file(CommandLine.arguments[1]), options).run()
    }
}
