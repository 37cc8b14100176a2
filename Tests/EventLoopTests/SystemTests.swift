import Foundation
import Glibc
import RepriseEventLoop
import RepriseTestSupport
import RepriseVocabulary
import Synchronization
import Testing

@Suite struct SystemTests {
    @Test func `an error number has its name and its text`() {
        #expect(SystemErrno(ECONNREFUSED).description == "connection refused (ECONNREFUSED)")
        #expect(SystemErrno(999_999).name == "errno 999999")
    }

    @Test func `a port below 1024 without the right says what is needed`() {
        let error = SocketError(
            operation: "listen on", endpoint: .ip(.loopback4, port: 443), errno: SystemErrno(EACCES))
        #expect(
            error.description
                == "cannot listen on 127.0.0.1:443: permission denied (EACCES); ports below 1024 need root or"
                + " CAP_NET_BIND_SERVICE")
    }

    @Test func `localhost resolves to loopback, nonsense does not resolve`() throws {
        let localhost = try #require(HostEndpoint(parsing: "localhost:80"))
        let endpoints = try Resolver.resolve(localhost)
        #expect(endpoints.contains(.ip(.loopback4, port: 80)))
        let nowhere = try #require(HostEndpoint(parsing: "no-such-name.invalid:80"))
        #expect(throws: Resolver.ResolverError.self) { try Resolver.resolve(nowhere) }
    }

    @Test func `a datagram reaches a Unix socket, as sd_notify wants it`() throws {
        let path = NSTemporaryDirectory() + "reprise-notify-\(UUID().uuidString.prefix(8))"
        defer { unlink(path) }
        let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let bound = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        #expect(bound == 0)
        #expect(Socket.sendDatagram("READY=1", toUnix: path) == nil)
        var buffer = [UInt8](repeating: 0, count: 64)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        #expect(String(decoding: buffer.prefix(count), as: UTF8.self) == "READY=1")
        #expect(Socket.sendDatagram("READY=1", toUnix: path + "-missing") != nil)
    }

    @Test func `a signal calls back on the loop`() throws {
        let loop = try EventLoop(name: "signals")
        let came = Atomic<Int>(0)
        let watch = LoopEvent(.signal(SIGUSR1), on: loop) { _ in came.wrappingAdd(1, ordering: .relaxed) }
        try watch.start()
        try loop.start()
        kill(getpid(), SIGUSR1)
        #expect(eventually { came.load(ordering: .relaxed) == 1 })
        loop.stop()
        loop.join()
        watch.close()
    }

    @Test func `the small HTTP server answers GET and HEAD, and nothing else`() throws {
        try withLoop { loop in
            let bound = Locked<Endpoint?>(nil)
            loop.execute {
                let server = HTTPServer(loop: loop, limit: 8) { request in
                    HTTPResponse(
                        status: request.path == "/a" ? 200 : 404, headers: [("X-Query", request.query ?? "none")],
                        body: Array("\(request.method) \(request.peer != nil)".utf8))
                }
                let endpoint = try? server.listen(on: .ip(.loopback4, port: 0))
                bound.withLock { $0 = endpoint }
                loop.keep(server)
            }
            #expect(eventually { bound.withLock { $0 != nil } })
            let endpoint = try #require(bound.withLock { $0 })
            #expect(try curl(["-s", "http://\(endpoint)/a?b=c", "-D", "-"]).contains("X-Query: b=c"))
            #expect(try curl(["-s", "http://\(endpoint)/a"]).hasSuffix("GET true"))
            #expect(
                try curl(["-s", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "http://\(endpoint)/a"]) == "405"
            )
            #expect(try curl(["-s", "-o", "/dev/null", "-w", "%{http_code}", "http://\(endpoint)/z"]) == "404")
        }
    }

    /// Through popen(3): Foundation's `Process` leaves a weak reference behind, which the address sanitizer reports.
    private func curl(_ arguments: [String]) throws -> String {
        let words = (["curl", "--max-time", "10"] + arguments).map { "'\($0)'" }
        let pipe = try #require(popen(words.joined(separator: " "), "r"))
        defer { pclose(pipe) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&buffer, 1, buffer.count, pipe)
            guard count > 0 else { return String(decoding: output, as: UTF8.self) }
            output += buffer.prefix(count)
        }
    }
}
