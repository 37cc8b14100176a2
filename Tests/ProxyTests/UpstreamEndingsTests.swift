import Foundation
import Glibc
import RepriseProxy
import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Which endings of a connection the sessions outlast that its server has given on it, and when they may come.
@Suite struct UpstreamEndingsTests {
    /// A worker that speaks TLS to another through a relay, which can break a connection.
    private struct Chain {
        let front: TestWorker
        let back: TestWorker
        let sessions: UpstreamSessions

        init(
            before upstream: TestUpstream = .echo(), ticketDelay: Duration = .milliseconds(20),
            maximumVersion: TLSVersion = .tls1_3, relay: Relay? = nil
        ) async throws {
            var behind = TestWorker.Parts()
            behind.settings.ticketDelay = ticketDelay
            back = try await TestWorker(before: [TestWorker.server(Int(upstream.port))], behind)
            sessions = UpstreamSessions(budget: 1 << 20)
            var (parts, tls) = (TestWorker.Parts(), TLSSettings.intermediate)
            tls.maximumVersion = maximumVersion
            parts.upstreamTLS = try UpstreamTLS(
                ClientContext(ClientSettings(tls: tls, trust: .anybody)), asked: .name("a.test"),
                sessions: (sessions, UpstreamSessions.Terms()))
            let last = UInt16(back.port)
            let port = relay.map { $0.start(before: last).port } ?? last
            front = try await TestWorker(before: [TestWorker.server(Int(port), id: "back")], parts)
        }

        func end() async {
            await front.end()
            await back.end()
        }

        func hasResumed(_ count: Int, _ means: ResumptionMeans = .psk) -> Bool {
            front.has(
                "reprise_upstream_handshakes_total{upstream=\"app\",server=\"back\",resumed=\"\(means.word)\"} \(count)"
            )
        }
    }

    /// Forwards what both say; once it is told to, it breaks the connection at the next bytes that it gets.
    private final class Relay: Sendable {
        enum Breaking: CaseIterable, Sendable {
            /// A bit is another: the receiver says bad_record_mac.
            case flipToServer, flipToClient
            /// The front sees a FIN, and nothing in TLS.
            case truncate
            case reset

            /// Whether the sessions go.
            var drops: Bool { self == .flipToServer || self == .flipToClient }
        }

        let breaking: Breaking
        private let isDue = Locked(false)

        init(_ breaking: Breaking) { self.breaking = breaking }

        /// Breaks the next bytes.
        func arm() { isDue.withLock { $0 = true } }

        private func takeTurn(_ breakings: Breaking...) -> Bool {
            guard breakings.contains(breaking) else { return false }
            return isDue.withLock { due in
                defer { due = false }
                return due
            }
        }

        private static func flipped(_ bytes: [UInt8]) -> [UInt8] {
            var bytes = bytes
            // The last of a record's tag.
            bytes[bytes.count - 1] ^= 1
            return bytes
        }

        func start(before port: UInt16) -> TestUpstream {
            TestUpstream { [self] peer in
                let descriptor = Loopback.socket()
                guard Loopback.connect(descriptor, to: Int(port)) else { return peer.close() }
                let answers = Background { [self] in
                    var buffer = [UInt8](repeating: 0, count: 65536)
                    while true {
                        let count = recv(descriptor, &buffer, buffer.count, 0)
                        guard count > 0 else { break }
                        let bytes = Array(buffer.prefix(count))
                        peer.send(takeTurn(.flipToClient) ? Self.flipped(bytes) : bytes)
                    }
                    peer.shutdownWrite()
                    return true
                }
                var isReset = false
                while case .bytes(var bytes) = peer.receive() {
                    if takeTurn(.truncate) { break }
                    isReset = takeTurn(.reset)
                    if isReset { break }
                    if takeTurn(.flipToServer) { bytes = Self.flipped(bytes) }
                    _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                }
                if isReset { peer.reset() }
                shutdown(descriptor, Int32(SHUT_RDWR))
                _ = answers.value
                close(descriptor)
                if !isReset { peer.close() }
            }
        }
    }

    /// Has a byte echoed, and waits until the server's tickets are there.
    private static func echoed(_ port: Int, _ sessions: UpstreamSessions, atLeast count: Int = 1) throws -> SocketClient
    {
        let client = try TestWorker.connect(port, sending: [7])
        while (try? client.tls.read()) == .some(nil), client.takeIn() {}
        #expect(eventually { sessions.counts.entries >= count })
        return client
    }

    private static func end(_ client: SocketClient) {
        client.tls.sendCloseNotify()
        client.flush()
    }

    @Test(arguments: Relay.Breaking.allCases, [TLSVersion.tls1_3, .tls1_2])
    private func `sessions outlast what breaks a connection off, but no fatal alert of a damaged one`(
        breaking: Relay.Breaking, version: TLSVersion
    ) async throws {
        let relay = Relay(breaking)
        let chain = try await Chain(maximumVersion: version, relay: relay)
        let (port, sessions) = (chain.front.port, chain.sessions)
        try await onOwnThread {
            let client = try Self.echoed(port, sessions)
            relay.arm()
            try client.tls.write([8])
            client.flush()
            while (try? client.tls.read()) == .some(nil), client.takeIn() {}
            #expect(!client.tls.hasReceivedShutdown)
            // The connection is over before the next one begins.
            #expect(
                eventually { chain.front.has("reprise_connections_open{listener=\"web\"} 0") }, "\(chain.front.metrics)"
            )
            #expect((sessions.counts.entries == 0) == breaking.drops)
            let means: ResumptionMeans = version == .tls1_3 ? .psk : .ticket
            Self.end(try Self.echoed(port, sessions))
            #expect(chain.hasResumed(breaking.drops ? 0 : 1, means), "\(chain.front.metrics)")
            #expect(chain.hasResumed(breaking.drops ? 2 : 1, .no))
        }
        await chain.end()
    }

    @Test(arguments: [TLSVersion.tls1_3, .tls1_2])
    func `a session whose offer leads to a reset is not offered again`(version: TLSVersion) async throws {
        let relay = Relay(.reset)
        let chain = try await Chain(maximumVersion: version, relay: relay)
        let (port, sessions) = (chain.front.port, chain.sessions)
        try await onOwnThread {
            Self.end(try Self.echoed(port, sessions))
            #expect(eventually { chain.front.hasEnded(.clientCloseNotify) })
            // Of one ticket there is one offer.
            relay.arm()
            let client = try TestWorker.connect(port)
            while client.takeIn() {}
            #expect(eventually { chain.front.hasEnded(.upstreamUnreachable) })
            #expect(sessions.counts.entries == 0)
            Self.end(try Self.echoed(port, sessions))
            #expect(chain.hasResumed(2, .no), "\(chain.front.metrics)")
        }
        await chain.end()
    }

    @Test func `sessions outlast a close_notify, and each of TLS 1 3 is offered once`() async throws {
        let chain = try await Chain()
        let (port, sessions) = (chain.front.port, chain.sessions)
        try await onOwnThread {
            for number in 0..<4 {
                Self.end(try Self.echoed(port, sessions))
                #expect(eventually { chain.front.hasEnded(.clientCloseNotify, number + 1) })
            }
            #expect(chain.hasResumed(3) && chain.hasResumed(1, .no))
        }
        await chain.end()
    }

    @Test(arguments: [Duration.zero, .milliseconds(50), .milliseconds(300)])
    func `tickets are kept that come in the middle of what the server says, or late`(delay: Duration) async throws {
        // Speaks until the client has gone.
        let upstream = TestUpstream { peer in
            let isOver = Background {
                while case .bytes = peer.receive() {}
                return true
            }
            let bytes = [UInt8](repeating: 5, count: 10_000)
            while peer.send(bytes) {}
            _ = isOver.value
            peer.close()
        }
        let chain = try await Chain(before: upstream, ticketDelay: delay)
        let (port, sessions) = (chain.front.port, chain.sessions)
        try await onOwnThread {
            let first = try TestWorker.connect(port, sending: [1])
            var isWhole = true
            #expect(
                eventually {
                    guard first.takeIn() else { return false }
                    while let bytes = try? first.tls.read(), !bytes.isEmpty {
                        isWhole = isWhole && bytes.allSatisfy { $0 == 5 }
                    }
                    return sessions.counts.entries > 0
                })
            #expect(isWhole)
            let second = try TestWorker.connect(port, sending: [1])
            #expect(eventually { second.takeIn() && chain.hasResumed(1) })
            first.reset()
            second.reset()
        }
        await chain.end()
    }
}
