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
        let queue = FullQueue()
        let good = try Mortal.python()
        var configuration = TestConfiguration()
        configuration.servers = ["\"127.0.0.1:\(queue.port)\"", "\"127.0.0.1:\(good.port)\""]
        configuration.listener = "timeouts: { connect: 200ms }"
        configuration.group = "eject: { time: 100ms, longest: 200ms }"
        let reprise = try configuration.start()
        for _ in 0..<6 { #expect(try asks(reprise) == "200") }
        let server = "127.0.0.1:\(queue.port)"
        let line = reprise.waitForLine { $0["server"] == server && $0["state"] == "ejected" } ?? [:]
        #expect(line["reason"] == "connecting has failed: timeout", "\(line)")
        // It takes its connections again, also those of the probes.
        _ = fcntl(queue.listener, F_SETFL, O_NONBLOCK)
        let isBack = eventually(within: 15) {
            let taken = accept(queue.listener, nil, nil)
            if taken >= 0 { close(taken) }
            return reprise.lines.contains { $0["server"] == server && $0["state"] == "up" }
        }
        #expect(isBack)
    }

    /// A network namespace in which 203.0.113.0/24 swallows all that is sent there; Unix sockets lead out of it.
    private static let hole = [
        "unshare", "--net", "sh", "-ec",
        "ip link set lo up; ip tuntap add t0 mode tun; ip addr add 203.0.113.1/24 dev t0; ip link set t0 up; exec \"$@\"",
        "sh",
    ]
    private static let hasHoles = (try? Shell.run(hole + ["true"]).status) == 0

    @Test(.enabled(if: hasHoles, "it takes network namespaces and TUN devices"), arguments: [false, true])
    func `servers that are cut off from the network hold up their first clients alone`(isChecked: Bool) throws {
        let good = UnixServer()
        let folder = RepriseProcess.temporaryFolder()
        var configuration = TestConfiguration()
        let holes = ["203.0.113.7:80", "203.0.113.8:80"]
        configuration.servers = (holes + ["unix:\(good.path)"]).map { "\"\($0)\"" }
        configuration.bind = "\"unix:\(folder.path)/front\""
        configuration.listener = "timeouts: { connect: 500ms }"
        configuration.group =
            "eject: { time: 20s, most: 70 }" + (isChecked ? "\n    health: { interval: 50ms, timeout: 100ms }" : "")
        let reprise = try configuration.start(folder: folder, wrapper: Self.hole)
        func asks() throws -> (status: String, seconds: Double) {
            let words = try Shell.run([
                "curl", "-sk", "--max-time", "10", "-o", "/dev/null", "-w", "%{http_code} %{time_total}",
                "--unix-socket", folder.path + "/front", "https://localhost/",
            ]).output.split(separator: " ")
            return (String(words.first ?? ""), words.last.flatMap { Double($0) } ?? .infinity)
        }
        if !isChecked {
            // Two clients find out about each.
            for _ in 0..<6 { #expect(try asks().status == "200") }
        }
        for hole in holes {
            let state = isChecked ? "down" : "ejected"
            let line = reprise.waitForLine { $0["server"] == hole && $0["state"] == state }
            #expect(line?["reason"]?.contains(isChecked ? "no answer in time" : "timeout") == true, "\(reprise.log)")
        }
        for _ in 0..<4 {
            let (status, seconds) = try asks()
            #expect(status == "200" && seconds < 0.5, "\(seconds) s")
        }
        #expect(!reprise.lines.contains { $0["ending"] == "upstream_unreachable" })
    }

    @Test func `a Unix socket that vanishes and comes back`() throws {
        let server = UnixServer()
        let path = server.path
        let other = try Mortal.python()
        var configuration = TestConfiguration()
        configuration.servers = ["\"unix:\(path)\"", "\"127.0.0.1:\(other.port)\""]
        configuration.group = "eject: { time: 100ms }"
        let reprise = try configuration.start()
        #expect(try asks(reprise) == "200")
        server.stop()
        for _ in 0..<6 { #expect(try asks(reprise) == "200") }
        #expect(reprise.waitForLine { $0["server"] == "unix:\(path)" && $0["state"] == "ejected" } != nil)
        server.start()
        #expect(reprise.waitForLine { $0["server"] == "unix:\(path)" && $0["state"] == "up" } != nil)
    }
}

/// An HTTP server behind a Unix socket.
private final class UnixServer {
    let path = RepriseProcess.temporaryFolder().appending(path: "app.sock").path
    private var process: ChildProcess?

    init() { start() }

    deinit { stop() }

    func start() {
        let program = """
            import os, socket, sys
            server = socket.socket(socket.AF_UNIX); server.bind(sys.argv[1]); server.listen(64)
            while True:
                client = server.accept()[0]
                if not client.recv(4096): continue
                client.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\nConnection: close\\r\\n\\r\\n"); client.close()
            """
        process = try? ChildProcess(["python3", "-c", program, path])
        let isThere = eventually {
            let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            defer { close(descriptor) }
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            return withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
                }
            }
        }
        #expect(isThere)
    }

    func stop() {
        process?.signal(SIGKILL)
        _ = process?.waitForStatus()
        process = nil
        unlink(path)
    }
}
