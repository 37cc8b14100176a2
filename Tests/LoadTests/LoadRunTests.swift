import Foundation
import Glibc
import RepriseLoad
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Whole runs, against servers of ours and of others: every kind of handshake, every ending, every way to fail.
@Suite(.waits, .serialized) struct LoadRunTests {
    // MARK: Kinds and endings

    @Test(arguments: HandshakeKind.allCases)
    func `each kind of handshake is counted by the server as by us`(kind: HandshakeKind) throws {
        let server = try Server()
        let measured = try Self.run(Self.plan(server.port) { $0.handshake = Mix(kind) })
        #expect(measured.done == 40, "\(measured)")
        // Each client's first has nothing to offer.
        let resumed = kind == .full ? 0 : 36
        #expect(
            measured.handshakes(.full) == 40 - resumed && measured.offers().accepted == resumed, "\(measured)")
        #expect(measured.offers().offered == resumed && measured.withoutSession == (kind == .full ? 0 : 4))
        let words: [HandshakeKind: String] = [.full: "no", .id: "id", .ticket: "ticket", .psk: "psk"]
        #expect(eventually { (try? server.sum("reprise_handshakes_completed_total")) == 40 })
        for (kind, word) in words {
            let counted = try server.sum("reprise_handshakes_completed_total", "resumed=\"\(word)\"")
            #expect(counted == measured.handshakes(kind), "\(word)")
            #expect(measured.count(of: .handshakeFull) == measured.handshakes(.full))
        }
        #expect(measured.count(of: .connect) == 40 && measured.count(of: .ready) == 40)
    }

    @Test(arguments: [("stateful", OfferedKind.statefulPSK), ("stateless", .statelessPSK)])
    func `a pre-shared key is told by what the server keeps`(mode: String, kind: OfferedKind) throws {
        let server = try Server(sessions: "mode: \(mode)")
        let measured = try Self.run(Self.plan(server.port) { $0.handshake = Mix(.psk) })
        #expect(
            measured.offers(kind).accepted == 36 && measured.offers() == measured.offers(kind), "\(measured)")
    }

    @Test(arguments: CloseKind.allCases)
    func `each ending ends, and is what its sessions are reported by`(close: CloseKind) throws {
        let server = try Server()
        for kind in [HandshakeKind.ticket, .psk] {
            let measured = try Self.run(
                Self.plan(server.port) {
                    $0.handshake = Mix(kind)
                    $0.close = Mix(close)
                })
            #expect(measured.done == 40, "\(measured)")
            #expect(measured.offers().offered == 36 && measured.offers(nil, from: close) == measured.offers())
            #expect(measured.count(of: .close) == ([.notifyWait, .half].contains(close) ? 40 : 0))
        }
        #expect(eventually { (try? server.sum("reprise_connections_ended_total")) == 80 })
        let (resets, all) = (try server.sum("reprise_connections_ended_total", "client_reset"), 80)
        #expect(close == .rst ? resets == all : resets < all, "\(resets)")
    }

    @Test func `mixes of kinds and endings, and bytes both ways`() throws {
        let server = try Server()
        let measured = try Self.run(
            Self.plan(server.port) {
                $0.errand.task = .transfer(up: 300_000, down: 300_000)
                $0.handshake = (try? Mix(parsing: "full:0.3,psk:0.7")) ?? Mix(.full)
                $0.close = (try? Mix(parsing: "notify:0.5,notify-wait:0.5")) ?? Mix(.rst)
            })
        #expect(measured.done == 40 && measured.bytesUp == 12_000_000, "\(measured)")
        #expect(measured.bytesDown == 12_000_000 && measured.handshakes(.psk) > 10 && measured.handshakes(.full) > 4)
        #expect(measured.offers().accepted == measured.offers().offered)
    }

    // MARK: Others' servers

    @Test(arguments: HandshakeKind.allCases)
    func `openssl s_server answers requests, and resumes`(kind: HandshakeKind) throws {
        let server = try OpenSSLServer("-www")
        let measured = try Self.run(
            Self.plan(server.port) {
                // It serves one after the other.
                ($0.clients, $0.threads) = (1, 1)
                $0.handshake = Mix(kind)
                $0.errand.task = .requests(HTTPRequest(path: "/", host: "localhost"), count: 1)
            })
        #expect(measured.done == 40 && measured.requests == 40, "\(measured)")
        #expect(measured.handshakes(kind) == (kind == .full ? 40 : 39), "\(measured)")
        #expect(measured.count(of: .firstByte) == 40 && measured.count(of: .request) == 40)
    }

    // MARK: Ways to fail

    private static func failures(
        _ port: Int, _ failure: LoadFailure, _ change: (inout LoadPlan) -> Void = { _ in }
    ) throws {
        let measured = try run(
            plan(port) {
                ($0.connections, $0.clients, $0.threads) = (6, 2, 1)
                change(&$0)
            })
        #expect(measured.failed(by: failure) == 6, "\(measured)")
    }

    @Test func `a port that refuses`() throws {
        try Self.failures(Loopback.freePorts(1)[0], .connectRefused)
    }

    @Test func `a server that says nothing, closes, resets, or speaks otherwise`() throws {
        let silent = TestUpstream { peer in while case .bytes = peer.receive() {} }
        try Self.failures(Int(silent.port), .handshakeTimeout) { $0.errand.timeouts.handshake = .milliseconds(50) }
        let closing = TestUpstream { peer in
            _ = peer.receive()
            peer.close()
        }
        try Self.failures(Int(closing.port), .handshakeClosed)
        let resetting = TestUpstream { peer in
            _ = peer.receive()
            peer.reset()
        }
        try Self.failures(Int(resetting.port), .handshakeClosed)
        let http = TestUpstream { peer in
            _ = peer.receive()
            peer.send(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
            while case .bytes = peer.receive() {}
            peer.close()
        }
        try Self.failures(Int(http.port), .handshakeFailed)
    }

    @Test func `a server that is not there`() throws {
        let queue = FullQueue()
        try Self.failures(queue.port, .connectTimeout) { $0.errand.timeouts.connect = .milliseconds(50) }
    }

    @Test func `a server that sends garbage, and one that stalls in the middle of its handshake`() throws {
        let garbage = TestUpstream { peer in
            _ = peer.receive()
            // A record of TLS 1.2 whose contents are no message of the handshake.
            peer.send([22, 3, 3, 0, 200] + [UInt8](repeating: 0xa5, count: 200))
            while case .bytes = peer.receive() {}
            peer.close()
        }
        try Self.failures(Int(garbage.port), .handshakeFailed)
        let server = try Server()
        let port = server.port
        let stalling = TestUpstream { peer in
            guard case .bytes(let hello) = peer.receive() else { return }
            let behind = Loopback.socket()
            defer { close(behind) }
            // The beginning of a real answer, within the ServerHello.
            var answer = [UInt8](repeating: 0, count: 60)
            guard Loopback.connect(behind, to: port), write(behind, hello, hello.count) == hello.count else { return }
            let count = read(behind, &answer, answer.count)
            peer.send(Array(answer.prefix(max(0, count))))
            while case .bytes = peer.receive() {}
        }
        try Self.failures(Int(stalling.port), .handshakeTimeout) { $0.errand.timeouts.handshake = .milliseconds(200) }
    }

    @Test func `starts that a loop did not get to are counted as left out`() throws {
        let server = try Server()
        // More than any loop begins in that time.
        let measured = try Self.run(
            Self.plan(server.port) {
                ($0.connections, $0.clients, $0.duration) = (.max, 50, .milliseconds(100))
                $0.pace = .open(LoadProfile(LoadRate(20_000)), .constant)
            })
        #expect(measured.started + measured.skippedStarts == 2000, "\(measured)")
        #expect(measured.skippedStarts > 0)
    }

    @Test func `a certificate that nobody vouches for`() throws {
        let server = try Server()
        let authority = try CertificateAuthority(
            name: "Other", validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        let trust = try ServerTrust(authoritiesPEM: authority.certificatePEM)
        try Self.failures(server.port, .certificateRefused) { $0.settings.trust = .checked(trust) }
    }

    @Test func `an answer that does not come, is none, or is cut off`() throws {
        let server = try Server()
        let request = HTTPRequest(path: "/", host: "localhost")
        // It echoes the request.
        try Self.failures(server.port, .answerMalformed) { $0.errand.task = .requests(request, count: 2) }
        try Self.failures(server.port, .answerTimeout) {
            $0.errand.task = .transfer(up: 1, down: 2)
            $0.errand.timeouts.answer = .milliseconds(50)
        }
    }

    @Test func `a server of TLS 1 0 alone`() throws {
        let server = try OpenSSLServer("-www -tls1 -cipher ALL:@SECLEVEL=0")
        try Self.failures(server.port, .handshakeFailed)
    }

    @Test func `more tickets than a client keeps`() throws {
        let server = try OpenSSLServer("-www -num_tickets 1000")
        let measured = try Self.run(
            Self.plan(server.port) {
                ($0.connections, $0.clients, $0.threads) = (10, 1, 1)
                $0.handshake = Mix(.psk)
                $0.errand.task = .requests(HTTPRequest(path: "/", host: "localhost"), count: 1)
            })
        #expect(measured.done == 10 && measured.handshakes(.psk) == 9, "\(measured)")
        #expect(measured.sessionsReceived >= 1000, "\(measured.sessionsReceived)")
    }

    @Test(arguments: CloseKind.allCases)
    func `data without an end ends no later than the time for it`(close: CloseKind) throws {
        let server = try Server(
            before: TestUpstream { peer in
                let zeroes = [UInt8](repeating: 0, count: 64 << 10)
                while peer.send(zeroes) {}
                peer.close()
            })
        let measured = try Self.run(
            Self.plan(server.port) {
                ($0.connections, $0.clients, $0.threads) = (3, 1, 1)
                $0.errand.task = .transfer(up: 0, down: 200_000)
                $0.errand.timeouts.close = .milliseconds(200)
                $0.close = Mix(close)
            })
        #expect(measured.started == 3 && measured.unfinished == 0, "\(measured)")
        #expect(measured.bytesDown >= 200_000, "\(measured)")
    }

    @Test func `an end that the server does not answer`() throws {
        let holding = try OpenSSLServer("", before: "sleep 600")
        let measured = try Self.run(
            Self.plan(holding.port) {
                ($0.connections, $0.clients, $0.threads) = (1, 1, 1)
                $0.errand.timeouts.close = .milliseconds(100)
                $0.close = Mix(.notifyWait)
            })
        #expect(measured.done + measured.failed(by: .closeTimeout) == 1, "\(measured)")
    }

    // MARK: Pace

    @Test(arguments: LoadSchedule.Arrivals.allCases)
    func `an open loop begins as many as its rate says`(arrivals: LoadSchedule.Arrivals) throws {
        let server = try Server()
        let measured = try Self.run(
            Self.plan(server.port) {
                ($0.connections, $0.clients, $0.duration) = (.max, 100, .seconds(1))
                $0.pace = .open(LoadProfile(LoadRate(100)), arrivals)
            })
        let begun = measured.started + measured.skippedStarts
        #expect(arrivals == .constant ? begun == 100 : (60...140).contains(begun), "\(measured)")
        #expect(measured.failed == 0 && measured.done == measured.started, "\(measured)")
    }

    @Test func `a server that stands still for a second is seen to do so by all who would have come`() throws {
        let server = try Server()
        let run = try LoadRun(
            Self.plan(server.port) {
                ($0.connections, $0.clients, $0.duration) = (.max, 1000, .seconds(8))
                $0.pace = .open(LoadProfile(LoadRate(50)), .constant)
            })
        try run.start()
        #expect(eventually { (try? server.sum("reprise_handshakes_completed_total")) ?? 0 > 20 })
        server.reprise.freeze()
        let start = ContinuousClock.now
        #expect(eventually { ContinuousClock.now - start >= .seconds(1) })
        server.reprise.signal(SIGCONT)
        let measured = run.wait()
        #expect(measured.started == 400 && measured.done == 400, "\(measured)")
        // An eighth of them came while it stood still, the first of which waited for the whole second.
        let worst = try #require(measured.value(of: .percentile(99.9, .ready)))
        let twentieth = try #require(measured.value(of: .percentile(95, .ready)))
        #expect(worst >= 0.98 && twentieth >= 0.5, "\(measured)")
    }

    @Test func `a run ends when it is stopped, and cuts off what hangs`() throws {
        let silent = TestUpstream { peer in while case .bytes = peer.receive() {} }
        let run = try LoadRun(Self.plan(Int(silent.port)) { $0.duration = .seconds(600) })
        try run.start()
        #expect(eventually { silent.accepted == 4 })
        run.stop()
        run.stop()
        let measured = run.wait()
        #expect(measured.started == 4 && measured.unfinished == 4 && measured.elapsed < .seconds(60))
    }
}
