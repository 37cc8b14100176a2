import Foundation
import Glibc
import Logging
import RepriseEventLoop
import RepriseMetrics
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import Reprise

/// Servers that the configuration names by host names, with a DNS server that answers rightly or wrongly.
@Suite(.serialized) struct ServerNamesTests {
    private let folder = RepriseProcess.temporaryFolder()
    private let upstream = TestUpstream.echo()

    init() throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
    }

    /// A server with the names as its upstream's servers, while `body` runs.
    private func serving(
        _ names: [String], _ top: String = "", group: String = "", dns: FakeDNS,
        _ body: (_ server: ServerCore, _ registry: MetricRegistry, _ log: () -> String, _ port: Int) async throws ->
            Void
    ) async throws {
        var configuration = TestConfiguration(upstream)
        configuration.servers = names.map {
            $0.hasPrefix("srv:") ? "\"\($0)\"" : "\"\($0).example.test:\(upstream.port)\""
        }
        configuration.group = group
        let text = top + "\n" + configuration.text
        let source = ConfigurationSource(text: { text }, name: "test", directory: folder.path)
        let control = try EventLoop(name: "control")
        let registry = MetricRegistry()
        let file = folder.appending(path: "log").path
        let descriptor = open(file, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        let queue = LogQueue(
            format: .text, level: .info, colored: false, descriptor: descriptor,
            dropped: registry.counter(MetricCatalog.logLinesDropped))
        defer { queue.close() }
        let server = ServerCore(control: control, source: source, environment: [:], registry: registry, queue: queue)
        try control.start()
        defer { control.join() }
        await server.ask(dns.address)
        let addresses: [Server.Address]
        switch await server.started() {
        case .success(let found): addresses = found
        case .failure(let error):
            control.stop()
            throw error
        }
        guard case .ip(_, let port)? = addresses.first?.endpoint else { preconditionFailure("\(addresses)") }
        do {
            try await body(server, registry, { (try? String(contentsOfFile: file, encoding: .utf8)) ?? "" }, Int(port))
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private func addresses(_ registry: MetricRegistry, _ name: String) -> Double? {
        let lines = String(decoding: registry.exposition(), as: UTF8.self).split(separator: "\n")
        let line = lines.first { $0.hasPrefix("reprise_upstream_addresses{") && $0.contains("server=\"\(name).") }
        return line?.split(separator: " ").last.flatMap { Double($0) }
    }

    @Test func `a server is reached by its name, which a reload does not forget`() async throws {
        let dns = try FakeDNS()
        try await serving(["ok"], dns: dns) { server, registry, _, port in
            _ = try SocketClient.echoed(port: port, .init(serverName: "localhost"))
            #expect(addresses(registry, "ok") == 2)
            dns.stop()
            #expect(await server.reload() == nil)
            _ = try SocketClient.echoed(port: port, .init(serverName: "localhost"))
        }
    }

    @Test func `a name that does not resolve is a warning, and the other server takes the connections`() async throws {
        let dns = try FakeDNS()
        defer { dns.stop() }
        try await serving(["nx", "ok"], dns: dns) { server, registry, log, port in
            for _ in 0..<4 { _ = try SocketClient.echoed(port: port, .init(serverName: "localhost")) }
            #expect(eventually { log().contains("nx.example.test does not resolve: no such name") }, "\(log())")
            #expect(addresses(registry, "nx") == 0)
            #expect(await server.reload() == nil)
        }
    }

    @Test func `a service's host that is alive takes the connections, and checks look beyond addresses that are not`()
        async throws
    {
        let dns = try FakeDNS()
        defer { dns.stop() }
        let service = "srv:_p\(upstream.port)._tcp.example.test"
        try await serving([service], group: "health: { interval: 20ms }", dns: dns) { _, registry, log, port in
            let checks = {
                registry.counter(MetricCatalog.upstreamChecks, ["app", service, CheckResult.good.word]).value
            }
            #expect(eventually { checks() >= 3 }, "\(log())")
            for _ in 0..<4 { _ = try SocketClient.echoed(port: port, .init(serverName: "localhost")) }
            #expect(!log().contains("state=down"), "\(log())")
        }
    }

    @Test(arguments: ["^127", "^.::1"])
    func `a program is asked of one address after the other until one is well`(pattern: String) async throws {
        let dns = try FakeDNS()
        defer { dns.stop() }
        let service = "srv:_p\(upstream.port)._tcp.example.test"
        let command = "[sh, -c, \"printenv REPRISE_ADDRESS | grep -q '\(pattern)'\"]"
        let group = "health: { type: exec, command: \(command), interval: 20ms, timeout: 10s }"
        try await serving([service], group: group, dns: dns) { _, registry, log, _ in
            func checks(_ result: CheckResult) -> Double {
                Double(registry.counter(MetricCatalog.upstreamChecks, ["app", service, result.word]).value)
            }
            #expect(eventually { checks(.good) >= 3 }, "\(log())")
            #expect(checks(.bad) == 0, "\(log())")
        }
    }

    @Test func `a service's host keeps its addresses when DNS fails at it alone, with one line and a metric`()
        async throws
    {
        let dns = try FakeDNS()
        defer { dns.stop() }
        let service = "srv:_q\(upstream.port)._tcp.example.test"
        try await serving([service], dns: dns) { _, registry, log, port in
            let failures = { registry.counter(MetricCatalog.dnsFailures, [service]).value }
            #expect(eventually(within: 20) { failures() >= 2 }, "\(log())")
            _ = try SocketClient.echoed(port: port, .init(serverName: "localhost"))
            #expect(upstream.accepted == 1)
            let line = "a host of a service does not resolve"
            #expect(eventually { log().components(separatedBy: line).count == 2 }, "\(log())")
            #expect(log().contains("flaky.example.test"))
        }
    }

    @Test func `where names are required, one that does not resolve stops the start`() async throws {
        let dns = try FakeDNS()
        defer { dns.stop() }
        do {
            try await serving(["nx", "ok"], "require_dns: true", dns: dns) { _, _, _, _ in Issue.record("it started") }
        } catch RepriseError.faults(let faults) {
            #expect(
                faults.count == 1 && faults[0].contains("nx.example.test does not resolve: no such name"), "\(faults)")
        }
    }

    @Test func `a name that resolves later brings its server in`() async throws {
        let dns = try FakeDNS()
        defer { dns.stop() }
        try await serving(["later"], dns: dns) { _, registry, log, port in
            #expect(eventually { addresses(registry, "later") == 1 }, "\(log())")
            _ = try SocketClient.echoed(port: port, .init(serverName: "localhost"))
            #expect(eventually { log().contains("server name resolves now") && log().contains("state=up") }, "\(log())")
        }
    }

    @Test func `addresses that change are followed, and stay when DNS fails, with one line and a metric`() async throws
    {
        let dns = try FakeDNS()
        try await serving(["changing"], dns: dns) { _, registry, log, _ in
            #expect(eventually { log().contains("server name has other addresses") }, "\(log())")
            dns.stop()
            let name = "changing.example.test:\(upstream.port)"
            let failures = { registry.counter(MetricCatalog.dnsFailures, [name]).value }
            #expect(eventually(within: 20) { failures() >= 2 })
            #expect(addresses(registry, "changing") == 1)
            #expect(eventually { log().components(separatedBy: "server name does not resolve").count == 2 }, "\(log())")
        }
    }

    @Test func `a start waits for silence no longer than its patience`() async throws {
        let dns = try FakeDNS()
        defer { dns.stop() }
        try await serving(["silent"], dns: dns) { server, registry, log, _ in
            #expect(
                eventually { log().contains("silent.example.test does not resolve: no answer in time") }, "\(log())")
            #expect(addresses(registry, "silent") == 0)
        }
    }

    @Test func `a start that is stopped while it waits for a name ends`() async throws {
        let dns = try FakeDNS()
        defer { dns.stop() }
        var configuration = TestConfiguration(upstream)
        configuration.servers = ["\"silent.example.test:80\""]
        let text = configuration.text
        let control = try EventLoop(name: "control")
        let registry = MetricRegistry()
        let queue = LogQueue(
            format: .text, level: .critical, colored: false, descriptor: STDERR_FILENO,
            dropped: registry.counter(MetricCatalog.logLinesDropped))
        defer { queue.close() }
        let server = ServerCore(
            control: control, source: ConfigurationSource(text: { text }, name: "test", directory: folder.path),
            environment: [:], registry: registry, queue: queue)
        try control.start()
        await server.ask(dns.address)
        let start = Task { await server.started() }
        while await !server.isAsking { await Task.yield() }
        await server.stop()
        control.join()
        guard case .failure = await start.value else {
            Issue.record("it started")
            return
        }
    }
}

extension ServerCore {
    fileprivate var isAsking: Bool { maintenance.names != nil && isLoading }

    fileprivate func ask(_ servers: String) { dns.servers = servers }
}
