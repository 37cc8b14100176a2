import Foundation
import Logging
import Reprise
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Where a server's connections go, by its configuration and by a program's routers.
@Suite struct ServerRoutingTests {
    private let folder = RepriseProcess.temporaryFolder()
    private let first = TestUpstream { peer in
        peer.send([1])
        peer.close()
    }
    private let second = TestUpstream { peer in
        peer.send([2])
        peer.close()
    }

    init() throws {
        try TestCertificates(in: folder).make("a", for: ["a.test", "b.test", "*.c.test"])
    }

    private func text(router: String, routers: String = "", host: String = "", alpn: String = "") -> String {
        """
        workers: 1
        log: { level: error }
        listeners:
          - name: web
            bind: ["127.0.0.1:0"]
            router: \(router)
            tls:
              alpn: [\(alpn)]
              hosts:
                - { names: [a.test, "*.c.test"], certificates: [{ chain: a.pem, key: a.key }] }
                - { names: [b.test], certificates: [{ chain: a.pem, key: a.key }]\(host) }
        \(routers.isEmpty ? "" : "routers: [\(routers)]")
        upstreams:
          - { name: one, servers: ["127.0.0.1:\(first.port)"] }
          - { name: two, servers: ["127.0.0.1:\(second.port)"] }
        """
    }

    /// A server that is stopped at the end of the test.
    private func serve(
        _ text: String, routers: [String: any UpstreamRouter] = [:], _ body: @escaping @Sendable (Int) throws -> Void
    ) async throws {
        var options = Server.Options()
        options.routers = routers
        options.logger = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
        let server = Server(.text(text, relativeTo: folder.path), options)
        guard case .ip(_, let port)? = try await server.start().first?.endpoint else { throw CancellationError() }
        do {
            try await onOwnThread { try body(Int(port)) }
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    /// Which upstream a client gets to: 1, 2, or 0 for none.
    private static func reached(_ port: Int, _ name: String?, alpn: [String] = []) throws -> Int {
        var options = MemoryClient.Options(serverName: name)
        options.alpn = alpn
        return first(try SocketClient(port: port, options))
    }

    @Test func `by the name that the client asks for: exact, wildcard, the rest`() async throws {
        let routers = "{ name: by, sni: { b.test: two, \"*.c.test\": two, x.c.test: one, default: one } }"
        try await serve(text(router: "by", routers: routers)) { (port: Int) throws in
            for (name, upstream) in [
                ("a.test", 1), ("b.test", 2), ("B.TEST", 2), ("y.c.test", 2), ("x.c.test", 1), ("z.y.c.test", 1),
                (nil, 1),
            ] { #expect(try Self.reached(port, name) == upstream, "\(name ?? "none")") }
        }
    }

    @Test(arguments: [
        "a/b.c.test", "\u{e9}.c.test", ".c.test", "x..c.test", String(repeating: "x", count: 64) + ".c.test",
    ])
    func `what is no host name gets by no wildcard to where its hosts' clients go`(_ name: String) async throws {
        let routers = "{ name: by, sni: { \"*.c.test\": two, default: one } }"
        try await serve(text(router: "by", routers: routers)) { (port: Int) throws in
            // Some are refused in the handshake, and that is as good.
            let upstream = (try? Self.reached(port, name)) ?? 0
            #expect(upstream != 2)
            #expect(try Self.reached(port, "x.c.test") == 2)
        }
    }

    @Test func `a name that no route fits is refused by an alert`() async throws {
        try await serve(text(router: "by", routers: "{ name: by, sni: { b.test: two, a.test: one } }")) {
            (port: Int) throws in
            #expect(try Self.reached(port, "b.test") == 2)
            let client = try SocketClient(port: port, .init(serverName: "y.c.test"))
            var failure = ""
            repeat {
                do { while let bytes = try client.tls.read(), !bytes.isEmpty {} } catch { failure = "\(error)" }
            } while failure.isEmpty && client.takeIn()
            #expect(failure.contains("unrecognized_name"), "\(failure)")
        }
    }

    @Test func `by the application protocol, by the client's network, and one after the other`() async throws {
        let routers = """
            { name: by, network: { 10.0.0.0/8: one, 127.0.0.0/8: deeper, 127.0.0.1: deepest, default: one } },
            { name: deeper, sni: { default: one } }, { name: deepest, alpn: { h2: two, default: one } }
            """
        try await serve(text(router: "by", routers: routers, alpn: "h2, http/1.1")) { (port: Int) throws in
            #expect(try Self.reached(port, "a.test", alpn: ["h2"]) == 2)
            #expect(try Self.reached(port, "a.test", alpn: ["http/1.1"]) == 1)
            #expect(try Self.reached(port, "a.test") == 1)
        }
    }

    @Test func `a host has a way of its own`() async throws {
        try await serve(text(router: "one", host: ", router: two")) { (port: Int) throws in
            #expect(try Self.reached(port, "a.test") == 1)
            #expect(try Self.reached(port, "b.test") == 2)
        }
    }

    @Test(arguments: [SessionCarrier.id, .ticket, .stateless])
    func `by the client's certificate, shown now or in the session's first handshake`(
        _ carrier: SessionCarrier
    ) async throws {
        let now = WallTime.now.secondsSinceEpoch
        let (start, end) = (WallTime(secondsSinceEpoch: now - 60), WallTime(secondsSinceEpoch: now + 3600))
        let authority = try CertificateAuthority(name: "clients", validFrom: start, validUntil: end)
        try Data(authority.certificatePEM).write(to: folder.appending(path: "clients.pem"))
        func certificate(_ name: String) throws -> SelfSigned.Made {
            try SelfSigned.make(names: [name], validFrom: start, validUntil: end, issuedBy: authority, forClient: true)
        }
        let made = ["alice.test": try certificate("alice.test"), "x.partner.test": try certificate("x.partner.test")]
        let host = ", client_auth: { mode: request, ca: clients.pem }"
        for (key, expected) in [
            ("alice.test", ["alice.test": 2, "x.partner.test": 1, "": 1]),
            ("\"*.partner.test\"", ["alice.test": 1, "x.partner.test": 2, "": 1]),
            ("CN=alice.test", ["alice.test": 2, "x.partner.test": 1, "": 1]),
            ("O=nobody", ["alice.test": 1, "x.partner.test": 1, "": 1]),
        ] {
            let routers = "{ name: by, client_certificate: { \(key): two, default: one } }"
            try await serve(text(router: "by", routers: routers, host: host)) { (port: Int) throws in
                for (name, upstream) in expected {
                    var options = carrier.client("b.test")
                    options.certificate = made[name]
                    let client = try SocketClient(port: port, options)
                    #expect(Self.first(client) == upstream, "\(key) \(name)")
                    options.resuming = client.tls.sessions.last
                    // A client that resumes shows none.
                    options.certificate = nil
                    let again = try SocketClient(port: port, options)
                    #expect(again.tls.wasResumed && Self.first(again) == upstream, "\(key) \(name)")
                }
            }
        }
    }

    private static func first(_ client: SocketClient) -> Int {
        repeat {
            if let bytes = try? client.tls.read(), let first = bytes.first { return Int(first) }
        } while client.takeIn()
        return 0
    }

    /// Sends clients by the last byte of what their session remembers, and counts what it hears.
    private final class Mine: UpstreamRouter {
        let heard = Locked<[String]>([])

        func route(_ request: borrowing RouteRequest) -> RouteAnswer {
            .now(request.connection.serverName == "b.test" ? .group("two") : .server("nobody", in: "one"))
        }

        func connected(_ connection: borrowing ConnectionView) {
            let server = connection.server ?? "-"
            heard.withLock { $0.append("connected \(server)") }
        }

        func ended(_ report: ConnectionReport) { heard.withLock { $0.append("ended") } }
    }

    @Test func `a program's router is named like a group, alone and behind a router of the configuration`() async throws
    {
        let routers = "{ name: by, sni: { \"*.c.test\": one, a.test: mine, default: mine } }"
        for router in ["mine", "by"] {
            let mine = Mine()
            try await serve(text(router: router, routers: router == "by" ? routers : ""), routers: ["mine": mine]) {
                (port: Int) throws in
                #expect(try Self.reached(port, "b.test") == 2)
                #expect(try Self.reached(port, "a.test") == 0)
                if router == "by" { #expect(try Self.reached(port, "x.c.test") == 1) }
            }
            let heard = mine.heard.withLock { $0 }
            // What other routers have sent elsewhere is none of its business.
            #expect(heard.filter { $0 == "ended" }.count == 2, "\(heard)")
            #expect(heard.contains("connected 127.0.0.1:\(second.port)"), "\(heard)")
        }
    }

    @Test func `routers in a long chain of doubled ways cost what they are, not what they could be`() async throws {
        // Two to the power of sixty ways lead to the end.
        let chain = (0..<60).map { index in
            let next = index == 59 ? "one" : "r\(index + 1)"
            return "{ name: r\(index), sni: { b.test: \(next), default: \(next) } }"
        }
        try await serve(text(router: "r0", routers: chain.joined(separator: ", "))) { (port: Int) throws in
            #expect(try Self.reached(port, "b.test") == 1)
        }
    }

    @Test func `a router's name in place of another's is one line of the configuration`() async throws {
        let lines = text(router: "one").split(separator: "\n")
        let others = text(router: "mine").split(separator: "\n")
        #expect(zip(lines, others).filter { $0 != $1 }.count == 1 && lines.count == others.count)
        // A program that does not bring it says so, and serves nothing.
        let server = Server(.text(text(router: "mine"), relativeTo: folder.path))
        do throws(RepriseError) {
            try await server.start()
            Issue.record("it started")
        } catch {
            #expect("\(error)".contains("no upstream group or router has the name \"mine\""))
        }
    }
}
