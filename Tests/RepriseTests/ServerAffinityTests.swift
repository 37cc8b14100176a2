import Foundation
import Logging
import Reprise
import RepriseTestSupport
import Testing

/// Clients stay with their servers through all that an operator may change, and on other machines.
@Suite struct ServerAffinityTests {
    private let folder = RepriseProcess.temporaryFolder()
    /// Upstreams that say their number.
    private let upstreams = (0..<5).map { number in
        TestUpstream { peer in
            peer.send([UInt8(number)])
            peer.sendBackAll()
            peer.close()
        }
    }

    init() throws {
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        try rotate()
    }

    /// Puts a new ticket key before the last one.
    private func rotate() throws {
        let (new, old) = (folder.appending(path: "new.key"), folder.appending(path: "old.key"))
        let key = Data((0..<80).map { _ in UInt8.random(in: 0...255) })
        let last = try? Data(contentsOf: new)
        try (last ?? Data((0..<80).map { _ in UInt8.random(in: 0...255) })).write(to: old, options: .atomic)
        try key.write(to: new, options: .atomic)
    }

    private func text(
        _ mode: SessionMode, servers: [Int] = [0, 1, 2, 3], weight: Int = 1, router: String = "app"
    ) -> String {
        let list = servers.map { "{ id: s\($0), address: \"127.0.0.1:\(upstreams[$0].port)\", weight: \(weight) }" }
        return """
            workers: 3
            log: { level: error }
            sessions: { mode: \(mode.rawValue), tickets: { keys: [new.key, old.key] } }
            listeners:
              - name: web
                bind: ["127.0.0.1:0"]
                router: \(router)
                tls: { hosts: [{ names: [localhost], certificates: [{ chain: a.pem, key: a.key }] }] }
            routers: [{ name: by-name, sni: { localhost: app, default: app } }]
            upstreams: [{ name: app, affinity: session, servers: [\(list.joined(separator: ", "))] }]
            """
    }

    private func server(
        _ text: @escaping @autoclosure @Sendable () -> String, store: (any SessionStore)? = nil
    ) async throws -> (server: Server, port: Int) {
        var options = Server.Options()
        options.store = store
        options.logger = Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() }
        let server = Server(.text(text(), relativeTo: folder.path), options)
        guard case .ip(_, let port)? = try await server.start().first?.endpoint else { throw CancellationError() }
        return (server, Int(port))
    }

    private struct Visitor: Sendable {
        let carrier: SessionCarrier
        let home: Int
        var session: MemoryClient.Session
    }

    private static func visit(
        _ port: Int, _ carrier: SessionCarrier, _ session: MemoryClient.Session? = nil
    ) throws -> Visitor {
        let client = try SocketClient(port: port, carrier.client("localhost", resuming: session))
        #expect(client.tls.wasResumed == (session != nil), "\(carrier)")
        var home: Int?
        repeat {
            if let bytes = try client.tls.read(), let first = bytes.first { home = Int(first) }
        } while home == nil && client.takeIn()
        client.tls.sendCloseNotify()
        client.flush()
        while client.takeIn() {}
        return Visitor(
            carrier: carrier, home: try #require(home), session: try #require(client.tls.sessions.last ?? session))
    }

    /// Everybody comes back, and finds their server.
    private static func again(_ visitors: inout [Visitor], _ port: Int, _ what: String) async throws {
        let before = visitors
        visitors = try await onOwnThread {
            try before.map { visitor in
                let now = try visit(port, visitor.carrier, visitor.session)
                #expect(now.home == visitor.home, "\(what) \(visitor.carrier)")
                return now
            }
        }
    }

    private static func first(_ port: Int, _ carriers: [SessionCarrier]) async throws -> [Visitor] {
        try await onOwnThread { try carriers.flatMap { carrier in try (0..<6).map { _ in try visit(port, carrier) } } }
    }

    @Test func `by workers, reloads, rotated keys, other machines and restarts, in tickets`() async throws {
        let current = Locked(text(.both))
        let (one, port) = try await server(current.withLock { $0 })
        var visitors = try await Self.first(port, [.ticket, .stateless])
        #expect(Set(visitors.map(\.home)) == [0, 1, 2, 3])
        try await Self.again(&visitors, port, "another worker")
        current.withLock { $0 = text(.both, servers: [3, 4, 1, 0, 2], weight: 7, router: "by-name") }
        try await one.reload()
        try await Self.again(&visitors, port, "a reload with other servers, weights and a router")
        try rotate()
        try await one.reload()
        try await Self.again(&visitors, port, "rotated keys")
        let (other, second) = try await server(text(.both, servers: [2, 0, 3, 1]))
        try await Self.again(&visitors, second, "another machine")
        try await Self.again(&visitors, port, "and back")
        await one.stop()
        await other.stop()
        let (anew, third) = try await server(text(.both))
        try await Self.again(&visitors, third, "a restart")
        await anew.stop()
    }

    /// A store that machines share.
    private final class Shared: SessionStore {
        private let sessions = Locked<[SessionKey: [UInt8]]>([:])

        var count: Int { sessions.withLock { $0.count } }
        func get(_ key: SessionKey, at time: WallTime) async -> [UInt8]? { sessions.withLock { $0[key] } }
        func take(_ key: SessionKey, at time: WallTime) async -> [UInt8]? {
            sessions.withLock { $0.removeValue(forKey: key) }
        }
        func put(_ key: SessionKey, _ session: [UInt8], expires: WallTime, at time: WallTime) async {
            sessions.withLock { $0[key] = session }
        }
        func remove(_ key: SessionKey) async { _ = sessions.withLock { $0.removeValue(forKey: key) } }
    }

    @Test func `by workers and reloads in our own store`() async throws {
        for (mode, carrier) in [(SessionMode.both, SessionCarrier.id), (.stateful, .stateful)] {
            let current = Locked(text(mode))
            let (one, port) = try await server(current.withLock { $0 })
            var visitors = try await Self.first(port, [carrier])
            try await Self.again(&visitors, port, "another worker")
            current.withLock { $0 = text(mode, servers: [3, 4, 1, 0, 2], weight: 7, router: "by-name") }
            try await one.reload()
            try await Self.again(&visitors, port, "a reload")
            await one.stop()
        }
    }

    @Test func `by machines that share a store`() async throws {
        for (mode, carrier) in [(SessionMode.both, SessionCarrier.id), (.stateful, .stateful)] {
            let store = Shared()
            let (one, port) = try await server(text(mode), store: store)
            let (other, second) = try await server(text(mode, servers: [2, 0, 3, 1]), store: store)
            var visitors = try await Self.first(port, [carrier])
            let count = visitors.count
            // No handshake waits for a write: only what has arrived can be found.
            #expect(try await onOwnThread { eventually { store.count >= count } })
            for (place, what) in [(second, "another machine"), (port, "and back")] {
                let before = store.count
                try await Self.again(&visitors, place, what)
                // A TLS 1.3 session is renewed each time, and its write is on its way, too.
                guard carrier == .stateful else { continue }
                #expect(try await onOwnThread { eventually { store.count >= before + count } })
            }
            await one.stop()
            await other.stop()
        }
    }
}
