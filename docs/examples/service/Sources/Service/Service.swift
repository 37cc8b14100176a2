import Configuration
import Hummingbird
import Metrics
import Reprise

/// A Hummingbird application that only loopback reaches, and a Reprise before it that speaks TLS to the world.
///
/// Variables: `PORT` (8443), `CERTIFICATE` and `KEY`, the PEM files of `localhost`.
@main struct Service {
    static func main() async throws {
        let reader = ConfigReader(provider: EnvironmentVariablesProvider())
        let port = reader.int(forKey: "port", default: 8443)
        let certificate = try reader.requiredString(forKey: "certificate")
        let key = try reader.requiredString(forKey: "key")
        MetricsSystem.bootstrap(PrintedCounters())

        let (ports, bound) = AsyncStream.makeStream(of: Int.self)
        let router = Router()
        router.get("/") { _, _ in "hello\n" }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in bound.yield(channel.localAddress?.port ?? 0) })

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { bound.finish() }
                try await application.runService()
            }
            for await inner in ports {
                group.addTask {
                    try await serve(port: port, certificate: certificate, key: key, before: inner)
                }
                break
            }
            // The first that ends takes the other with it: a cancelled server drains.
            try await group.next()
            group.cancelAll()
        }
    }

    /// Serves TLS before the application, and counts the sessions that clients are given.
    static func serve(port: Int, certificate: String, key: String, before inner: Int) async throws {
        let sessions = EstablishedSessions()
        var options = Reprise.Server.Options()
        options.sessions = sessions
        let configuration = """
            listeners:
              - name: web
                bind: ["127.0.0.1:\(port)"]
                tls: { hosts: [{ names: [localhost], certificates: [{ chain: "\(certificate)", key: "\(key)" }] }] }
                router: application
            upstreams:
              - { name: application, servers: ["127.0.0.1:\(inner)"] }
            """
        let server = Reprise.Server(.text(configuration), options)
        for address in try await server.start() { print("\(address.listener) at \(address.endpoint)") }
        // It ends when the task is cancelled.
        for await session in sessions {
            let version = session.details.protocolVersion?.description ?? "unknown"
            Counter(label: "tls_sessions", dimensions: [("version", version)]).increment()
        }
        await server.drain()
    }
}
