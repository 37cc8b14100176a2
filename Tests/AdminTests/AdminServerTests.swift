import Foundation
import RepriseAdmin
import RepriseEventLoop
import RepriseMetrics
import RepriseTestSupport
import RepriseVocabulary
import Testing

@Suite struct AdminServerTests {
    /// Runs `body` with a server on a free port of 127.0.0.1, and stops it.
    private func withServer(
        connections: Int = 64, _ registry: MetricRegistry = MetricRegistry(),
        _ body: (AdminServer, Endpoint) throws -> Void
    ) throws {
        let server = try AdminServer(
            registry: registry, settings: AdminSettings(connections: connections, hosts: AdminHosts()))
        let bound = try server.start(on: .ip(try #require(IPAddress(parsing: "127.0.0.1")), port: 0))
        defer { server.stop() }
        try body(server, bound)
    }

    /// A connection to the endpoint; closing it is the caller's part.
    private func connection(_ endpoint: Endpoint) throws -> Int32 {
        guard case .ip(_, let port) = endpoint else { return -1 }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var limit = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(code == 0)
        return descriptor
    }

    private func write(_ bytes: String, to descriptor: Int32) throws {
        let data = Array(bytes.utf8)
        try #require(send(descriptor, data, data.count, Int32(MSG_NOSIGNAL)) == data.count)
    }

    private func readAll(_ descriptor: Int32) -> String {
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
            answer += buffer[..<count]
        }
    }

    /// Sends bytes to the endpoint, and reads until the server closes.
    private func exchange(_ endpoint: Endpoint, _ bytes: String) throws -> String {
        let descriptor = try connection(endpoint)
        defer { close(descriptor) }
        try write(bytes, to: descriptor)
        return readAll(descriptor)
    }

    private func request(_ method: String, _ target: String) -> String {
        "\(method) \(target) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    }

    @Test func `metrics come over HTTP with their type`() throws {
        try withServer { _, bound in
            let answer = try exchange(bound, request("GET", "/metrics?unused=1"))
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
            #expect(answer.contains("\r\n\r\n# HELP reprise_"))
            #expect(answer.hasSuffix("\n"))
        }
    }

    @Test func `HEAD has the length and no body`() throws {
        try withServer { _, bound in
            let answer = try exchange(bound, request("HEAD", "/healthz"))
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\n"))
            #expect(answer.matches(of: /Content-Length: 3\r\n/).count == 1)
        }
    }

    @Test func `healthz follows the drain`() throws {
        try withServer { server, bound in
            #expect(try exchange(bound, request("GET", "/healthz")).hasSuffix("\r\n\r\nok\n"))
            server.isDraining = true
            let answer = try exchange(bound, request("GET", "/healthz"))
            #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n") && answer.hasSuffix("\r\n\r\ndraining\n"))
        }
    }

    @Test(arguments: ["POST", "DELETE", "TRACE", "PATCH"])
    func `other methods are refused with those that are allowed`(_ method: String) throws {
        try withServer { _, bound in
            let answer = try exchange(bound, request(method, "/metrics"))
            #expect(answer.hasPrefix("HTTP/1.1 405 "))
            #expect(answer.contains("\r\nAllow: GET, HEAD, OPTIONS\r\n"))
        }
    }

    @Test(arguments: ["/", "/metrics", "*"])
    func `OPTIONS tells what is served, and the connection goes on`(_ target: String) throws {
        try withServer { _, bound in
            let options = "OPTIONS \(target) HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let answer = try exchange(bound, options + request("GET", "/healthz"))
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\nok\n"))
            #expect(answer.matches(of: /\r\nAllow: GET, HEAD, OPTIONS\r\nContent-Length: 0\r\n\r\nHTTP/).count == 1)
        }
    }

    @Test func `curl learns the methods, and from HEAD what GET would bring`() throws {
        try withServer { _, bound in
            func curl(_ arguments: String...) throws -> String {
                let result = try Shell.run(["curl", "-s", "-i"] + arguments)
                #expect(result.status == 0, "\(result)")
                return result.output
            }
            let options = try curl("-X", "OPTIONS", "http://\(bound)/metrics")
            #expect(options.hasPrefix("HTTP/1.1 200 ") && options.contains("\r\nAllow: GET, HEAD, OPTIONS\r\n"))
            let post = try curl("-d", "x", "http://\(bound)/healthz")
            #expect(post.hasPrefix("HTTP/1.1 405 ") && post.contains("\r\nAllow: GET, HEAD, OPTIONS\r\n"))
            func head(_ answer: String) -> String {
                let lines = answer.split(separator: "\r\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
                return lines.filter { !$0.hasPrefix("Date: ") }.joined(separator: "\n")
            }
            for path in ["", "healthz", "metrics", "nowhere"] {
                let (got, asked) = (try curl("http://\(bound)/\(path)"), try curl("-I", "http://\(bound)/\(path)"))
                #expect(asked.hasSuffix("\r\n\r\n") && head(asked) == head(got), "\(asked)")
            }
        }
    }

    @Test(arguments: [
        "\u{1}\u{2}\u{3}\r\n\r\n", "GET\r\n\r\n", "GET http:// HTTP/1.1\r\nConnection: close\r\n\r\n",
        "BREW / HTTP/1.1\r\nConnection: close\r\n\r\n",
    ])
    func `what is no request does not harm the server`(_ bytes: String) throws {
        try withServer { _, bound in
            let answer = try exchange(bound, bytes)
            #expect(!answer.hasPrefix("HTTP/1.1 2"))
            #expect(try exchange(bound, request("GET", "/healthz")).hasSuffix("ok\n"))
        }
    }

    @Test func `a stopped server gives its port back`() throws {
        // An address of its own: other tests take ports of 127.0.0.1 meanwhile.
        var endpoint = try #require(Endpoint(parsing: "127.0.0.9:0"))
        for _ in 0..<2 {
            let server = try AdminServer(
                registry: MetricRegistry(), settings: AdminSettings(connections: 64, hosts: AdminHosts()))
            let bound = try server.start(on: endpoint)
            if case .ip(_, port: 0) = endpoint { endpoint = bound }
            #expect(bound == endpoint)
            server.stop()
        }
    }

    @Test func `a port in use is an error with the endpoint in it`() throws {
        try withServer { _, bound in
            let second = try AdminServer(
                registry: MetricRegistry(), settings: AdminSettings(connections: 64, hosts: AdminHosts()))
            let error = #expect(throws: SocketError.self) { try second.start(on: bound) }
            #expect(error.map { "\($0)".contains("\(bound)") } == true)
            second.stop()
        }
    }

    @Test func `silent connections keep no scrape out, and hold no more descriptors than the limit`() throws {
        let registry = MetricRegistry()
        try withServer(connections: 8, registry) { _, bound in
            var silent: [Int32] = []
            defer { for descriptor in silent { close(descriptor) } }
            for _ in 0..<100 { silent.append(try connection(bound)) }
            for _ in 0..<5 { #expect(try exchange(bound, request("GET", "/healthz")).hasSuffix("ok\n")) }
            let open = silent.filter { descriptor in
                var byte: UInt8 = 0
                return recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT)) < 0 && errno == EAGAIN
            }
            #expect(open.count < 8)
            let text = String(decoding: registry.exposition(), as: UTF8.self)
            #expect(text.firstRange(of: #/\nreprise_admin_connections_displaced_total (9[3-9]|10[0-9])\n/#) != nil)
        }
    }

    @Test func `the connection that asked last is the last to make way`() throws {
        try withServer(connections: 4) { _, bound in
            let asking = try connection(bound)
            defer { close(asking) }
            for _ in 0..<20 {
                let silent = try connection(bound)
                defer { close(silent) }
                let second = try connection(bound)
                defer { close(second) }
                try write("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", to: asking)
                var buffer = [UInt8](repeating: 0, count: 1000)
                let count = recv(asking, &buffer, buffer.count, 0)
                #expect(count > 0 && String(decoding: buffer[..<max(0, count)], as: UTF8.self).hasSuffix("ok\n"))
            }
        }
    }

    @Test func `a lower limit closes what is too many at once`() throws {
        try withServer(connections: 8) { server, bound in
            let silent = try (0..<8).map { _ in try connection(bound) }
            defer { for descriptor in silent { close(descriptor) } }
            #expect(try exchange(bound, request("GET", "/healthz")).hasSuffix("ok\n"))
            server.adapt(to: AdminSettings(connections: 1, hosts: AdminHosts()))
            for descriptor in silent.prefix(6) { #expect(readAll(descriptor).isEmpty) }
        }
    }

    @Test func `another name than the endpoint's own is misdirected`() throws {
        try withServer { server, bound in
            func asked(_ line: String) throws -> String {
                try exchange(bound, "GET /metrics HTTP/1.1\r\n\(line)\r\nConnection: close\r\n\r\n")
            }
            #expect(try asked("Host: evil.test").hasPrefix("HTTP/1.1 421 Misdirected Request\r\n"))
            #expect(try asked("Host: \(bound)").hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(
                try exchange(
                    bound, "GET http://evil.test/metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                ).hasPrefix("HTTP/1.1 421 "))
            #expect(try exchange(bound, "GET /healthz HTTP/1.0\r\n\r\n").hasSuffix("ok\n"))
            let refused = try ["X: y", "Host: localhost\r\nHost: evil.test", " Host: localhost", "Host : localhost"]
                .map(asked)
            #expect(refused.allSatisfy { $0.hasPrefix("HTTP/1.1 400 ") }, "\(refused)")
            server.adapt(to: AdminSettings(connections: 64, hosts: AdminHosts(["evil.test"])))
            #expect(try eventually { try asked("Host: evil.test").hasPrefix("HTTP/1.1 200 OK\r\n") })
        }
    }

    @Test func `requests in one flight are answered one by one, and bodies are no requests`() throws {
        try withServer { _, bound in
            let one = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let answer = try exchange(bound, one + one + request("HEAD", "/healthz"))
            #expect(answer.matches(of: /HTTP\/1.1 200 OK\r\n/).count == 3)
            #expect(answer.matches(of: /\r\n\r\nok\n/).count == 2)
            let body = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(one.utf8.count)\r\n\r\n" + one
            #expect(try exchange(bound, body).matches(of: #/HTTP/1.1 /#).count == 1)
            let long = "GET / HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "x", count: 20_000))"
            #expect(try exchange(bound, long).hasPrefix("HTTP/1.1 431 "))
        }
    }
}
