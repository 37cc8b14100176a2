import Foundation
import RepriseTLS
import RepriseTestSupport

/// A configuration that serves all four carriers at once: listeners `both` and `stateful`, with the same hosts.
struct BothStores {
    /// More of the top level.
    var top = ""
    /// More options of every listener.
    var listener = ""
    /// More options of the listeners' `sessions`.
    var sessions = ""
    /// The mode of both listeners, where it is not the one they are called after.
    var mode: String?
    /// More listeners.
    var listeners = ""
    /// What the listeners' hosts are, in YAML's flow style.
    var hosts: [String]
    let upstream: TestUpstream

    init(_ upstream: TestUpstream, _ hosts: String...) {
        (self.upstream, self.hosts) = (upstream, hosts)
    }

    /// A host with the certificate `a`.
    ///
    /// - Parameter clients: its `client_auth`, without the braces.
    static func host(_ id: String, names: [String] = [], _ clients: String = "") -> String {
        let names = ["\(id).test"] + names
        return "{ id: \(id), names: [\(names.joined(separator: ", "))], "
            + "certificates: [{ chain: a.pem, key: a.key }], client_auth: { \(clients) } }"
    }

    var text: String {
        func listener(_ mode: String) -> String {
            """
              - name: \(mode)
                bind: ["127.0.0.1:0"]
                router: app
                sessions: { mode: \(self.mode ?? mode)\(sessions.isEmpty ? "" : ", \(sessions)") }
                tls: { hosts: [\(hosts.joined(separator: ", "))] }
                \(self.listener)

            """
        }
        return """
            workers: 1
            \(top)
            upstreams: [{ name: app, servers: ["127.0.0.1:\(upstream.port)"] }]
            listeners:
            \(listener("both"))\(listener("stateful"))\(listeners)
            """
    }
}

/// A Reprise with such a configuration, and those who visit it one after the other.
final class VisitedReprise {
    let process: RepriseProcess
    /// How many visits there were.
    private(set) var visits = 0

    init(_ configuration: BothStores, folder: URL) throws {
        process = try RepriseProcess(configuration.text, folder: folder)
    }

    var log: String { process.log }

    /// A client that uses the carrier comes to the listener that has it.
    func visit(
        _ carrier: SessionCarrier, _ name: String = "a.test", showing certificate: SelfSigned.Made? = nil,
        resuming session: MemoryClient.Session? = nil, leaving: Visit.Leaving = .closeNotify
    ) throws -> Visit {
        var options = carrier.client(name, resuming: session)
        options.certificate = certificate
        visits += 1
        return try Visit(port: process.port("\(carrier.mode)"), options, leaving: leaving)
    }

    /// What the log says of the last visits, the oldest first.
    func lastLines(_ count: Int) -> [[String: String]] { process.connections(visits).suffix(count) }
    /// What the log says of the last visit.
    var lastLine: [String: String] { lastLines(1).last ?? [:] }

    func reload(_ configuration: BothStores) throws -> Bool { try process.reload(configuration.text) }
}
