import Foundation
import Reprise
import RepriseTestSupport
import Testing

/// What a program gets of a server's connections, and how it says its configuration.
@Suite struct ServerFaceTests {
    private let folder: EmbeddedFolder

    init() throws { folder = try EmbeddedFolder() }

    /// Keeps what it was told, in order.
    private final class Witness: ConnectionObserver {
        let lines = Locked<[String]>([])
        let reports = Locked<[ConnectionReport]>([])

        func established(_ connection: borrowing ConnectionView) {
            let parts = [
                connection.listener, connection.host ?? "-", connection.serverName ?? "-",
                connection.protocolVersion?.description ?? "-", connection.resumedBy.word, connection.server ?? "-",
                "\(connection.client.address.map(\.description) ?? "-")",
                "\(connection.local?.address.map(\.description) ?? "-")",
                connection.upstreamLocal == nil ? "no upstream" : "?",
            ]
            lines.withLock { $0.append("established " + parts.joined(separator: " ")) }
        }

        func connected(_ connection: borrowing ConnectionView) {
            let isThere = connection.upstreamLocal != nil
            let server = connection.server ?? "-"
            lines.withLock { $0.append("connected \(server) \(isThere)") }
        }

        func ended(_ report: ConnectionReport) { reports.withLock { $0.append(report) } }
    }

    private func port(_ addresses: [Server.Address]) throws -> Int {
        guard case .ip(_, let port)? = addresses.first?.endpoint else { throw CancellationError() }
        return Int(port)
    }

    @Test func `an observer learns of a connection's life in order, and of its end`() async throws {
        let witness = Witness()
        var options = Server.Options()
        options.connections = witness
        let server = Server(.text(folder.text(top: "log: { level: error }"), relativeTo: folder.path), options)
        let port = try port(try await server.start())
        try EmbeddedVisit(.stateless, port: port).end(.closeNotify)
        #expect(eventually { witness.reports.withLock { $0.count } == 1 })
        let upstream = "127.0.0.1:\(folder.upstreamPort)"
        #expect(
            witness.lines.withLock { $0 } == [
                "established web localhost localhost TLSv1.3 no - 127.0.0.1 127.0.0.1 no upstream",
                "connected \(upstream) true",
            ])
        let report = try #require(witness.reports.withLock { $0.first })
        #expect(report.listener == "web" && report.host == "localhost" && report.server == upstream)
        #expect(report.ending == .clientCloseNotify && report.failure == nil && report.resumption == .notOffered)
        #expect(report.bytesReceived == 1 && report.bytesSent == 1 && report.lineage != nil)
        let handshake = try #require(report.handshakeDuration)
        #expect(handshake > .zero && report.duration >= handshake)
        await server.stop()
    }

    @Test func `a handshake that fails ends in a report of its own`() async throws {
        let witness = Witness()
        var options = Server.Options()
        options.connections = witness
        let server = Server(.text(folder.text(top: "log: { level: error }"), relativeTo: folder.path), options)
        let port = try port(try await server.start())
        #expect(
            RawClient.answer(port: port, to: Array("GET / HTTP/1.1\r\n\r\n".utf8)).starts(
                with: Array("HTTP/1.1 400".utf8)))
        #expect(eventually { witness.reports.withLock { $0.count } == 1 })
        let report = try #require(witness.reports.withLock { $0.first })
        #expect(report.failure == .plainHTTP && report.ending == .refused && report.server == nil)
        #expect(witness.lines.withLock { $0.isEmpty })
        await server.stop()
    }

    @Test(arguments: 1...4) func `a connection is lent whichever worker has it`(_ workers: Int) async throws {
        let witness = Witness()
        var options = Server.Options()
        options.connections = witness
        let text = folder.text(top: "workers: \(workers)\nlog: { level: error }")
        let server = Server(.text(text, relativeTo: folder.path), options)
        let port = try port(try await server.start())
        let visits = try (0..<8).map { _ in try EmbeddedVisit(.stateless, port: port) }
        var found = 0
        for number in 1...100_000 where found < visits.count {
            let name = await server.withConnection(ConnectionID(UInt64(number))) { $0.serverName }
            if name == "localhost" { found += 1 }
        }
        #expect(found == visits.count)
        for visit in visits { try visit.end(.closeNotify) }
        await server.stop()
        #expect(await server.withConnection(ConnectionID(1)) { $0.serverName } == nil)
    }

    private func values(_ more: [ConfigurationValue.Entry] = []) -> ConfigurationValue {
        let listener: ConfigurationValue = [
            "name": "web", "bind": ["127.0.0.1:0"], "router": "app",
            "timeouts": ["idle": "5m"],
            "tls": ["hosts": [["names": ["localhost"], "certificates": [["chain": "a.pem", "key": "a.key"]]]]],
        ]
        let rest: [ConfigurationValue.Entry] = [
            .init(name: "log", value: ["level": "error"]), .init(name: "listeners", value: [listener]),
            .init(
                name: "upstreams",
                value: [["name": "app", "servers": ["127.0.0.1:\(folder.upstreamPort)"]]]),
        ]
        return .mapping(rest + more)
    }

    @Test func `a program's values are a configuration`() async throws {
        let server = Server(.values(values([.init(name: "workers", value: 1)]), relativeTo: folder.path))
        try EmbeddedVisit(.id, port: port(try await server.start())).end(.closeNotify)
        await server.stop()
    }

    @Test(arguments: [
        (ConfigurationValue.Entry(name: "workers", value: "many"), "workers"),
        (.init(name: "worker", value: 1), "worker: unknown key"),
        (.init(name: "drain_timeout", value: "${PATH}"), "${PATH}"),
        (.init(name: "drain_timeout", value: "a\"b\\c\n\u{1F512}"), "a\"b\\c\\n\u{1F512}"),
        (.init(name: "drain_timeout", value: .decimal(1.5)), "1.5"),
        (.init(name: "log", value: ["level": "info"]), "log"),
        (.init(name: String(repeating: "x", count: 5000), value: true), "xxx"),
        (.init(name: "sessions", value: [:]), ""),
    ])
    func `values that are none of a configuration's are faults that name the option`(
        _ entry: ConfigurationValue.Entry, _ words: String
    ) async throws {
        let server = Server(.values(values([entry]), name: "mine", relativeTo: folder.path))
        do throws(RepriseError) {
            try await server.start()
            #expect(words.isEmpty)
            await server.stop()
        } catch {
            guard case .faults(let lines) = error else { throw error }
            #expect(lines.count == 1 && lines[0].hasPrefix("mine:") && lines[0].contains(words), "\(lines)")
        }
    }

    @Test func `stop during a reload ends it, whatever the reload has reached`() async throws {
        for _ in 0..<8 {
            let text = folder.text(top: "drain_timeout: 1h\nlog: { level: error }")
            let server = Server(.text(text, relativeTo: folder.path))
            let visit = try EmbeddedVisit(.stateless, port: port(try await server.start()))
            async let reloaded: Void = server.reload()
            await server.stop()
            _ = try? await reloaded
            #expect(server.state == .ended)
            withExtendedLifetime(visit) {}
        }
    }
}
