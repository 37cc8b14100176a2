import Reprise

/// Serves a configuration, and says of each session that a client is given whose it is and how long it holds.
@main struct Visits {
    static func main() async throws {
        guard CommandLine.arguments.count == 2 else { return print("usage: Visits FILE") }
        let sessions = EstablishedSessions()
        var options = Server.Options()
        options.sessions = sessions
        let server = Server(.file(CommandLine.arguments[1]), options)
        for address in try await server.start() { print("\(address.listener) at \(address.endpoint)") }
        for await session in sessions {
            let details = session.details
            print(
                details.serverName ?? "no name", details.protocolVersion?.description ?? "",
                details.lineage.map { "lineage \($0.id), \($0.renewals) renewals" } ?? "",
                session.resumability(at: .now))
        }
    }
}
