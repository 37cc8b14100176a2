import Foundation
import Glibc
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Other people's TLS servers: their sessions resume, and no client fails when they are killed and started again.
@Suite(.waits) struct EncryptedServersComeAndGo {
    /// A Reprise before servers at those ports.
    private static func start(
        _ ports: [Int], _ folder: URL, group: String = "", workers: Int = 1
    ) throws
        -> RepriseProcess
    {
        var configuration = TestConfiguration()
        configuration.top = "workers: \(workers)\nadmin: { bind: \"127.0.0.1:0\" }"
        configuration.servers = ports.map { "\"127.0.0.1:\($0)\"" }
        configuration.group = "tls: { ca: ca.pem, server_name: app.test }" + group
        return try configuration.start(folder: folder)
    }

    /// What a client is answered.
    private static func ask(_ port: Int) throws -> String {
        let client = try SocketClient(
            port: port, sending: Array("GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n".utf8))
        var answer: [UInt8] = []
        repeat {
            while let bytes = try? client.tls.read(), !bytes.isEmpty { answer += bytes }
        } while !client.tls.hasReceivedShutdown && client.takeIn()
        return String(decoding: answer, as: UTF8.self)
    }

    private func resumes(_ reprise: RepriseProcess, by means: ResumptionMeans = .psk) throws {
        for number in 1...4 {
            #expect(try Self.ask(reprise.port()).contains(" 200 "), "\(number): \(reprise.log)")
            let line = reprise.closedConnection(number)
            #expect(line["upstream_resumed"] == (number == 1 ? "no" : means.word), "\(line)")
        }
    }

    @Test(
        .enabled(if: ForeignPrograms.haproxy, "HAProxy is not installed"),
        arguments: [("TLSv1.3", ResumptionMeans.psk), ("TLSv1.2", .ticket)])
    func `HAProxy's sessions resume`(version: String, means: ResumptionMeans) throws {
        let haproxy = try ForeignServer(
            ["haproxy", "-db", "-f", "DIR/configuration"],
            prepare: { folder in
                try TestAuthority(in: folder).make("server", for: ["app.test"])
                let parts = try ["server.pem", "server.key"].map { try Data(contentsOf: folder.appending(path: $0)) }
                try (parts[0] + parts[1]).write(to: folder.appending(path: "both.pem"))
            }
        ) { folder, ports in
            """
            defaults
                mode http
                timeout client 10s
                timeout connect 10s
                timeout server 10s
            frontend f
                bind 127.0.0.1:\(ports[0]) ssl crt \(folder)/both.pem ssl-max-ver \(version)
                http-request return status 200 content-type text/plain string "haproxy"

            """
        }
        try resumes(Self.start([haproxy.port], haproxy.folder), by: means)
        withExtendedLifetime(haproxy) {}
    }

    private static let java = (try? Shell.run(["java", "--list-modules"]).output.contains("jdk.compiler")) ?? false

    @Test(.enabled(if: java, "Java is not installed")) func `Java's sessions resume`() throws {
        let program = """
            import com.sun.net.httpserver.*; import java.io.*; import java.net.*; import java.security.*; import javax.net.ssl.*;
            public class Server {
                public static void main(String[] words) throws Exception {
                    char[] secret = "secret".toCharArray();
                    KeyStore store = KeyStore.getInstance("PKCS12");
                    store.load(new FileInputStream(words[1]), secret);
                    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
                    keys.init(store, secret);
                    SSLContext context = SSLContext.getInstance("TLS");
                    context.init(keys.getKeyManagers(), null, null);
                    InetSocketAddress place = new InetSocketAddress("127.0.0.1", Integer.parseInt(words[0]));
                    HttpsServer server = HttpsServer.create(place, 0);
                    server.setHttpsConfigurator(new HttpsConfigurator(context));
                    server.createContext("/", request -> { request.sendResponseHeaders(200, -1); request.close(); });
                    server.start();
                }
            }
            """
        let folder = RepriseProcess.temporaryFolder()
        try TestAuthority(in: folder).make("server", for: ["app.test"])
        try Data(program.utf8).write(to: folder.appending(path: "Server.java"))
        let packed = try Shell.run([
            "openssl", "pkcs12", "-export", "-in", "\(folder.path)/server.pem", "-inkey", "\(folder.path)/server.key",
            "-out", "\(folder.path)/server.p12", "-passout", "pass:secret",
        ])
        #expect(packed.status == 0, "\(packed)")
        let port = Loopback.freePorts(1)[0]
        let server = try ChildProcess(
            ["java", "\(folder.path)/Server.java", "\(port)", "\(folder.path)/server.p12"])
        defer { server.signal(SIGKILL) }
        let isThere = eventually(within: 60) {
            let descriptor = Loopback.socket()
            defer { close(descriptor) }
            return Loopback.connect(descriptor, to: port)
        }
        #expect(isThere)
        try resumes(Self.start([port], folder))
    }

    @Test(.enabled(if: ForeignPrograms.nginx, "nginx is not installed"), arguments: [1, 2])
    func `servers are killed and started again under load, and no client fails`(workers: Int) async throws {
        let servers = try (0..<2).map { _ in try TLSNginx() }
        let folder = RepriseProcess.temporaryFolder()
        let roots = try servers.map { try Data(contentsOf: $0.folder.appending(path: "ca.pem")) }
        try roots.reduce(Data(), +).write(to: folder.appending(path: "ca.pem"))
        let reprise = try Self.start(
            servers.map(\.port), folder, group: "\n    eject: { time: 50ms }", workers: workers)
        let port = reprise.port()
        let (isOver, answered) = (Locked(false), Locked(0))
        try await withThrowingTaskGroup(of: Void.self) { threads in
            for _ in 0..<3 {
                threads.addTask {
                    try await onOwnThread {
                        while !isOver.withLock({ $0 }) {
                            // One that was answered in part when the server was killed is told by the reset.
                            let answer = try Self.ask(port)
                            #expect(answer.isEmpty || answer.contains(" 200 "), "\(answer)")
                            if !answer.isEmpty { answered.withLock { $0 += 1 } }
                        }
                    }
                }
            }
            // nonisolated(unsafe): the other threads know their port alone.
            nonisolated(unsafe) let servers = servers
            threads.addTask {
                try await onOwnThread {
                    defer { isOver.withLock { $0 = true } }
                    for round in 0..<4 {
                        let before = answered.withLock { $0 }
                        try servers[round % 2].restart()
                        #expect(eventually { answered.withLock { $0 } > before + 30 })
                    }
                }
            }
            try await threads.waitForAll()
        }
        #expect(!reprise.lines.contains { $0["ending"] == "upstream_unreachable" }, "\(reprise.log.suffix(2000))")
        let resumed = reprise.lines.count { $0["upstream_resumed"] == "psk" }
        #expect(resumed * 100 > reprise.lines.count { $0["upstream_resumed"] != nil } * 80)
    }
}
