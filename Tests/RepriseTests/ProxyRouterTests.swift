import Foundation
import Logging
import Reprise
import RepriseTestSupport
import Testing

@testable import RepriseVocabulary

/// Routers, in Swift and in C, read what a proxy says of the client, and decide how servers are told.
@Suite struct ProxyRouterTests {
    private let folder = RepriseProcess.temporaryFolder()
    private let upstream = TestUpstream.echo()
    private static let tenant = ProxyTLV.Kind(rawValue: 0xea)

    init() throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
    }

    private func text(_ routers: String) -> String {
        var configuration = TestConfiguration(upstream)
        configuration.top = "log: { level: error }\n\(routers)"
        configuration.listener = "proxy_protocol: optional\n    trusted_proxies: [127.0.0.1]"
        configuration.group = "proxy_tlvs: [received]"
        return configuration.text.replacing("router: app", with: "router: mine")
    }

    private func start(_ routers: String, _ plugged: [String: any UpstreamRouter]) async throws -> (Server, Int) {
        let (text, path) = (text(routers), folder.path)
        var options = Server.Options()
        options.logger = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
        options.routers = plugged
        let server = Server(.text(text, relativeTo: path), options)
        guard case .ip(_, let port)? = try await server.start().first?.endpoint else { throw CancellationError() }
        return (server, Int(port))
    }

    private static func header(tenant: String) throws -> ProxyHeader {
        let client = try #require(Endpoint(parsing: "192.0.2.1:51000"))
        let local = try #require(Endpoint(parsing: "192.0.2.2:443"))
        return ProxyHeader(.client(client, to: local), tlvs: [ProxyTLV(Self.tenant, tenant)])
    }

    /// What the server, which echoes, was sent up to the client's line.
    private static func reached(_ port: Int, after preamble: [[UInt8]]) throws -> [UInt8] {
        let client = try SocketClient(port: port, after: preamble, sending: Array("x\n".utf8))
        var reached: [UInt8] = []
        while !reached.suffix(2).elementsEqual("x\n".utf8) {
            if let bytes = try client.tls.read() { reached += bytes } else { try #require(client.takeIn()) }
        }
        return reached
    }

    private struct ByTenant: UpstreamRouter {
        func route(_ request: borrowing RouteRequest) -> RouteAnswer {
            var route = Route.group("app")
            let tenant = request.connection.proxyHeader?[ProxyRouterTests.tenant]
            switch tenant.map({ String(decoding: $0, as: UTF8.self) }) {
            case "one" where request.connection.proxy?.address == .loopback4: route.sendProxy = .v1
            case "two": route.sendProxy = .v2
            default: break
            }
            return .now(route)
        }
    }

    private static let inC = """
        #include "reprise_router.h"
        #include <string.h>
        static const reprise_server *reprise;
        static char calls;
        static void *create(const reprise_server *server, reprise_text argument, char *error, size_t size) {
            (void)argument; (void)error; (void)size; reprise = server; return &calls; }
        static void destroy(void *state) { (void)state; }
        static int route(void *state, reprise_request request, reprise_route *route) {
            (void)state;
            route->kind = REPRISE_TO_GROUP; route->group.data = "app"; route->group.size = 3;
            reprise_text tenant = reprise->proxy_tlv(request, 0xEA), proxy = reprise->field(request, REPRISE_PROXY);
            if (reprise->proxy_tlv(request, 0x1EA).data != NULL) return REPRISE_FAILED;
            if (tenant.size != 3 || proxy.size < 9 || memcmp(proxy.data, "127.0.0.1", 9) != 0) return REPRISE_NOW;
            route->kind |= memcmp(tenant.data, "one", 3) == 0 ? REPRISE_SEND_PROXY_V1 : REPRISE_SEND_PROXY_V2;
            return REPRISE_NOW; }
        const reprise_router *reprise_router_v1(void) {
            static const reprise_router table = { REPRISE_ROUTER_ABI, sizeof table, create, destroy, route, 0, 0, 0 };
            return &table; }
        """

    private static func check(_ port: Int) throws {
        let one = try reached(port, after: [header(tenant: "one").binary(summed: false)])
        #expect(one == Array("PROXY TCP4 192.0.2.1 192.0.2.2 51000 443\r\nx\n".utf8))
        let two = try reached(port, after: [header(tenant: "two").binary(summed: false)])
        #expect(try two == header(tenant: "two").binary(summed: false) + Array("x\n".utf8))
        // No proxy has come, and nothing is said.
        #expect(try reached(port, after: []) == Array("x\n".utf8))
    }

    @Test func `a program's router reads the TLVs that came, and chooses the version that the server is sent`()
        async throws
    {
        let (server, port) = try await start("", ["mine": ByTenant()])
        try await onOwnThread { try Self.check(port) }
        await server.stop()
    }

    @Test func `so does one in a shared object`() async throws {
        let file = folder.appending(path: "mine.c")
        try Data(Self.inC.utf8).write(to: file)
        let include = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../conf")
            .standardized
        let made = try Shell.run([
            "bash", "-c", "\"$(dirname \"$(readlink -f \"$(command -v swift)\")\")/clang\" \"$@\"", "clang", "-shared",
            "-fPIC", "-Wall", "-Werror", "-I", include.path, "-o", folder.appending(path: "mine.so").path, file.path,
        ])
        try #require(made.status == 0, "\(made.errors)")
        let (server, port) = try await start("routers: [{ name: mine, library: mine.so }]", [:])
        try await onOwnThread { try Self.check(port) }
        await server.stop()
    }
}
