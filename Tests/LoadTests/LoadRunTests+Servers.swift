import Foundation
import Glibc
import RepriseLoad
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// What runs are tested with: a plan that ends by its count, and servers.
extension LoadRunTests {
    static func plan(_ port: Int, _ change: (inout LoadPlan) -> Void = { _ in }) throws -> LoadPlan {
        let endpoint = try #require(Endpoint(parsing: "127.0.0.1:\(port)"))
        let errand = LoadErrand(to: endpoint, names: .init(asked: "localhost"))
        var plan = LoadPlan(errand, ClientSettings(tls: .intermediate, trust: .anybody))
        // What ends a run of these tests is its number of connections, not the time.
        (plan.connections, plan.clients, plan.threads, plan.duration) = (40, 4, 2, .seconds(20))
        change(&plan)
        return plan
    }

    static func run(_ plan: LoadPlan) throws -> Measurements {
        let run = try LoadRun(plan)
        try run.start()
        let measured = run.wait()
        #expect(measured.started == measured.done + measured.failed + measured.unfinished, "\(measured)")
        return measured
    }

    /// A Reprise with an upstream that echoes.
    final class Server {
        let upstream: TestUpstream
        let reprise: RepriseProcess
        var port: Int { reprise.port() }

        init(sessions: String = "mode: both", before upstream: TestUpstream = .echo()) throws {
            self.upstream = upstream
            var configuration = TestConfiguration(upstream)
            configuration.top = "sessions: { \(sessions) }\nadmin: { bind: \"127.0.0.1:0\" }"
            reprise = try configuration.start()
        }

        /// A counter's sum over its labels, of those samples that have this label.
        func sum(_ name: String, _ label: String = "") throws -> Int {
            try reprise.metrics().split(separator: "\n")
                .filter { $0.hasPrefix(name + "{") && (label.isEmpty || $0.contains(label)) }
                .reduce(0) { $0 + (Int($1.split(separator: " ").last ?? "") ?? 0) }
        }
    }

    /// `openssl s_server`, which serves one client after the other.
    final class OpenSSLServer {
        let port = Loopback.freePorts(1)[0]
        private let process: ChildProcess

        /// - Parameter before: a command whose output it sends to each client.
        init(_ options: String, before: String = "") throws {
            let folder = RepriseProcess.temporaryFolder()
            try TestCertificates(in: folder).make("a", for: ["localhost"])
            let command = "openssl s_server -accept 127.0.0.1:\(port) -quiet -cert a.pem -key a.key \(options)"
            // In a session of its own: with it goes all that it has started.
            process = try ChildProcess(
                ["setsid", "sh", "-c", before.isEmpty ? "exec \(command)" : "\(before) | \(command)"], folder: folder)
            let port = port
            try #require(
                eventually {
                    let socket = Loopback.socket()
                    defer { close(socket) }
                    return Loopback.connect(socket, to: port)
                })
        }

        deinit { kill(-process.id, SIGKILL) }
    }
}
