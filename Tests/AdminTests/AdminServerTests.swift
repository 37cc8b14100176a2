import Admin
import EventLoop
import Foundation
import Metrics
import Testing
import Vocabulary

@Suite struct AdminServerTests {
    /// Runs `body` with a server on a free port of 127.0.0.1, and stops it.
    private func withServer(_ body: (AdminServer, Endpoint) throws -> Void) throws {
        let server = try AdminServer(registry: MetricRegistry())
        let bound = try server.start(on: .ip(try #require(IPAddress(parsing: "127.0.0.1")), port: 0))
        defer { server.stop() }
        try body(server, bound)
    }

    /// Sends bytes to the endpoint, and reads until the server closes.
    private func exchange(_ endpoint: Endpoint, _ bytes: String) throws -> String {
        guard case .ip(_, let port) = endpoint else { return "" }
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
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
        let sent = bytes.utf8.withContiguousStorageIfAvailable { send(descriptor, $0.baseAddress, $0.count, 0) }
        try #require(sent == bytes.utf8.count)
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
            answer += buffer[..<count]
        }
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

    @Test(arguments: ["POST", "DELETE", "OPTIONS", "TRACE", "PATCH"])
    func `other methods are refused with those that are allowed`(_ method: String) throws {
        try withServer { _, bound in
            let answer = try exchange(bound, request(method, "/metrics"))
            #expect(answer.hasPrefix("HTTP/1.1 405 "))
            #expect(answer.contains("\r\nAllow: GET, HEAD\r\n"))
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
        var endpoint: Endpoint?
        try withServer { _, bound in endpoint = bound }
        let server = try AdminServer(registry: MetricRegistry())
        #expect(try server.start(on: try #require(endpoint)) == endpoint)
        server.stop()
    }

    @Test func `a port in use is an error with the endpoint in it`() throws {
        try withServer { _, bound in
            let second = try AdminServer(registry: MetricRegistry())
            let error = #expect(throws: SocketError.self) { try second.start(on: bound) }
            #expect(error.map { "\($0)".contains("\(bound)") } == true)
            second.stop()
        }
    }
}
