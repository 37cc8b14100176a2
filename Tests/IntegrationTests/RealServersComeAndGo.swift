import Foundation
import Glibc
import RepriseTestSupport
import Testing

/// Real servers that are killed, stopped, cut off and revived: no client fails for it, and all comes back by itself.
@Suite(.waits) struct RealServersComeAndGo {
    /// A server at a port of its own that can be killed and started again.
    private final class Mortal {
        let port: Int
        private let command: [String]
        private var process: ChildProcess?

        init(_ command: (_ port: Int, _ folder: String) throws -> [String]) throws {
            port = Loopback.freePorts(1)[0]
            self.command = try command(port, RepriseProcess.temporaryFolder().path)
            try start()
        }

        deinit { end() }

        func start() throws {
            process = try ChildProcess(["setsid"] + command)
            let isThere = eventually(within: 15) {
                let descriptor = Loopback.socket()
                defer { close(descriptor) }
                return Loopback.connect(descriptor, to: port)
            }
            #expect(isThere, "\(command)")
        }

        func signal(_ number: Int32) {
            guard let process else { return }
            kill(-process.id, number)
            if number == SIGKILL { end() }
        }

        private func end() {
            guard let process else { return }
            kill(-process.id, SIGKILL)
            _ = process.waitForStatus()
            self.process = nil
        }

        static func nginx() throws -> Mortal {
            try Mortal { port, folder in
                let text = """
                    daemon off; worker_processes 1; \(geteuid() == 0 ? "user root;" : "")
                    pid \(folder)/pid; error_log \(folder)/log; events { worker_connections 64; }
                    http {
                        access_log off; client_body_temp_path \(folder)/b; proxy_temp_path \(folder)/p;
                        fastcgi_temp_path \(folder)/f; uwsgi_temp_path \(folder)/u; scgi_temp_path \(folder)/s;
                        server { listen 127.0.0.1:\(port); return 200 "nginx\\n"; }
                    }
                    """
                try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/c"))
                return [ForeignPrograms.path("nginx") ?? "nginx", "-p", folder, "-c", folder + "/c"]
            }
        }

        static func python() throws -> Mortal {
            try Mortal { port, folder in
                ["python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory", folder, "\(port)"]
            }
        }

        static func redis() throws -> Mortal {
            try Mortal { port, folder in
                ["redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--dir", folder]
            }
        }
    }

    private func start(_ servers: [Mortal], _ group: String) throws -> RepriseProcess {
        var configuration = TestConfiguration()
        configuration.servers = servers.map { "\"127.0.0.1:\($0.port)\"" }
        configuration.group = group
        configuration.listener = "timeouts: { connect: 1s }"
        return try configuration.start()
    }

    /// Waits for a line about a server behind those that there were before.
    private func change(_ reprise: RepriseProcess, _ server: Mortal, to state: String, since before: Int) -> Bool {
        eventually(within: 15) {
            reprise.lines[before...].contains {
                $0["message"] == "upstream server changed" && $0["server"] == "127.0.0.1:\(server.port)"
                    && $0["state"] == state
            }
        }
    }

    private func asks(_ reprise: RepriseProcess) throws -> String {
        try Shell.run([
            "curl", "-sk", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_code}",
            "https://127.0.0.1:\(reprise.port())/",
        ]).output
    }

    @Test(.enabled(if: ForeignPrograms.nginx, "nginx is not installed"))
    func `nginx is killed and started again, and every request is answered`() throws {
        let (nginx, other) = try (Mortal.nginx(), Mortal.nginx())
        let reprise = try start([nginx, other], "eject: { time: 100ms }")
        for _ in 0..<3 {
            var before = reprise.lines.count
            nginx.signal(SIGKILL)
            for _ in 0..<6 { #expect(try asks(reprise) == "200") }
            #expect(change(reprise, nginx, to: "ejected", since: before))
            before = reprise.lines.count
            try nginx.start()
            #expect(change(reprise, nginx, to: "up", since: before))
        }
        for _ in 0..<4 { #expect(try asks(reprise) == "200") }
        #expect(!reprise.lines.contains { $0["ending"] == "upstream_unreachable" })
    }

    @Test func `a server that stands still is found by its checks, and back when it goes on`() throws {
        let (still, other) = try (Mortal.python(), Mortal.python())
        let reprise = try start([still, other], "health: { type: http, interval: 50ms, timeout: 300ms }")
        for _ in 0..<2 {
            var before = reprise.lines.count
            // The kernel goes on taking connections for it.
            still.signal(SIGSTOP)
            #expect(change(reprise, still, to: "down", since: before))
            for _ in 0..<4 { #expect(try asks(reprise) == "200") }
            before = reprise.lines.count
            still.signal(SIGCONT)
            #expect(change(reprise, still, to: "up", since: before))
        }
    }

    private static let redis = ForeignPrograms.path("redis-server") != nil

    @Test(.enabled(if: redis, "redis-server is not installed"))
    func `redis is killed and comes back, and a new client's PING is answered all the time`() throws {
        let (redis, other) = try (Mortal.redis(), Mortal.redis())
        let reprise = try start([redis, other], "eject: { time: 100ms }\n    health: { interval: 50ms }")
        func pings() throws -> Bool {
            let client = try SocketClient(port: reprise.port(), sending: Array("PING\r\n".utf8))
            var answer: [UInt8] = []
            while !answer.contains(10) {
                if let bytes = try client.tls.read() { answer += bytes } else { guard client.takeIn() else { break } }
            }
            return answer == Array("+PONG\r\n".utf8)
        }
        for _ in 0..<2 {
            var before = reprise.lines.count
            redis.signal(SIGKILL)
            for _ in 0..<6 { #expect(try pings()) }
            #expect(change(reprise, redis, to: "down", since: before))
            before = reprise.lines.count
            try redis.start()
            #expect(change(reprise, redis, to: "up", since: before))
        }
    }

    @Test func `a server whose queue is full is a black hole until somebody empties it`() throws {
        let hole = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(hole) }
        let port = Loopback.freePorts(1)[0]
        var address = sockaddr_in()
        (address.sin_family, address.sin_port) = (sa_family_t(AF_INET), UInt16(port).bigEndian)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let isBound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(hole, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        #expect(isBound && listen(hole, 0) == 0)
        let filler = Loopback.socket()
        defer { close(filler) }
        #expect(Loopback.connect(filler, to: port))
        let good = try Mortal.python()
        var configuration = TestConfiguration()
        configuration.servers = ["\"127.0.0.1:\(port)\"", "\"127.0.0.1:\(good.port)\""]
        configuration.listener = "timeouts: { connect: 200ms }"
        configuration.group = "eject: { time: 100ms, longest: 200ms }"
        let reprise = try configuration.start()
        for _ in 0..<6 { #expect(try asks(reprise) == "200") }
        let server = "127.0.0.1:\(port)"
        let line = reprise.waitForLine { $0["server"] == server && $0["state"] == "ejected" } ?? [:]
        #expect(line["reason"] == "connecting has failed: timeout", "\(line)")
        // It takes its connections again, also those of the probes.
        _ = fcntl(hole, F_SETFL, O_NONBLOCK)
        let isBack = eventually(within: 15) {
            let taken = accept(hole, nil, nil)
            if taken >= 0 { close(taken) }
            return reprise.lines.contains { $0["server"] == server && $0["state"] == "up" }
        }
        #expect(isBack)
    }

    @Test func `a Unix socket that vanishes and comes back`() throws {
        let path = RepriseProcess.temporaryFolder().appending(path: "app.sock").path
        let program = """
            import os, socket, sys
            server = socket.socket(socket.AF_UNIX); server.bind(sys.argv[1]); server.listen(64)
            while True:
                client = server.accept()[0]; client.recv(4096)
                client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"); client.close()
            """
        func serve() throws -> ChildProcess { try ChildProcess(["python3", "-c", program, path]) }
        var server = try serve()
        defer { server.signal(SIGKILL) }
        #expect(eventually { access(path, R_OK) == 0 })
        let other = try Mortal.python()
        var configuration = TestConfiguration()
        configuration.servers = ["\"unix:\(path)\"", "\"127.0.0.1:\(other.port)\""]
        configuration.group = "eject: { time: 100ms }"
        let reprise = try configuration.start()
        #expect(try asks(reprise) == "200")
        server.signal(SIGKILL)
        _ = server.waitForStatus()
        unlink(path)
        for _ in 0..<6 { #expect(try asks(reprise) == "200") }
        #expect(reprise.waitForLine { $0["server"] == "unix:\(path)" && $0["state"] == "ejected" } != nil)
        server = try serve()
        #expect(reprise.waitForLine { $0["server"] == "unix:\(path)" && $0["state"] == "up" } != nil)
    }
}
