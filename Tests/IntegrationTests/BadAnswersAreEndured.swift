import Foundation
import Glibc
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Servers and programs that answer checks badly in every way take their server out, and hold nothing else up.
@Suite(.waits) struct BadAnswersAreEndured {
    private func configuration(_ group: String, _ upstream: TestUpstream) -> TestConfiguration {
        var configuration = TestConfiguration(upstream)
        (configuration.group, configuration.top) = (group, "admin: { bind: \"127.0.0.1:0\" }")
        return configuration
    }

    private func downReason(_ reprise: RepriseProcess) -> String? {
        reprise.waitForLine { $0["message"] == "upstream server changed" && $0["state"] == "down" }?["reason"]
    }

    enum Bad: CaseIterable {
        case silent, half, endless, dribbling

        var words: String {
            switch self {
            case .silent, .dribbling: "no answer in time"
            case .half: "closed within its answer"
            case .endless: "its first 64 KiB lack the text"
            }
        }

        func answer(_ peer: TestUpstream.Peer) {
            _ = peer.receive()
            let head = Array("HTTP/1.1 200 OK\r\nA: b\r\n".utf8)
            let body = [13, 10] + [UInt8](repeating: 97, count: 4096)
            switch self {
            case .silent: while case .bytes = peer.receive() {}
            case .half: _ = peer.send(head)
            case .endless: if peer.send(head + body) { while peer.send(body) {} }
            case .dribbling:
                _ = peer.send(head)
                while case .bytes = peer.receive() {}
            }
            peer.close()
        }
    }

    @Test(arguments: Bad.allCases) func `a bad answer takes a server out, and says why`(bad: Bad) throws {
        let upstream = TestUpstream.echo()
        let checked = TestUpstream { bad.answer($0) }
        let reprise = try configuration(
            "health: { type: http, body: ready, interval: 20ms, timeout: 500ms, port: \(checked.port) }", upstream
        ).start()
        let reason = downReason(reprise)
        #expect(reason?.contains(bad.words) == true, "\(reason ?? "nothing")")
        #expect(try reprise.metric("reprise_upstream_servers{upstream=\"app\",state=\"down\"}") == 1)
    }

    @Test func `a server whose checks fail every other time stays in`() throws {
        let upstream = TestUpstream.echo()
        let count = Locked(0)
        let checked = TestUpstream { peer in
            _ = peer.receive()
            // The first answer decides alone.
            let isGood = count.withLock { number in
                number += 1
                return number % 2 == 1
            }
            peer.send(Array("HTTP/1.1 \(isGood ? 200 : 500) So\r\n\r\n".utf8))
            peer.close()
        }
        let reprise = try configuration(
            "health: { type: http, interval: 20ms, port: \(checked.port) }", upstream
        ).start()
        let checks =
            "reprise_upstream_checks_total{upstream=\"app\",server=\"127.0.0.1:\(upstream.port)\",result=\"bad\"}"
        #expect(try eventually { try reprise.metric(checks) >= 5 })
        #expect(try reprise.metric("reprise_upstream_servers{upstream=\"app\",state=\"up\"}") == 1)
        #expect(!reprise.log.contains("upstream server changed"))
    }

    @Test func `a program that hangs is killed with what it has started`() throws {
        let upstream = TestUpstream.echo()
        let file = RepriseProcess.temporaryFolder().appending(path: "child").path
        let script = "sleep 300 & echo $! > \(file).new; mv \(file).new \(file); wait"
        let reprise = try configuration(
            "health: { type: exec, command: [sh, -c, \"\(script)\"], interval: 60s, timeout: 1s }", upstream
        ).start()
        #expect(downReason(reprise)?.contains("the program took too long") == true)
        let child = try String(contentsOfFile: file, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        // Who is dead and not waited for has no command line.
        #expect(eventually { ((try? String(contentsOfFile: "/proc/\(child)/cmdline", encoding: .utf8)) ?? "").isEmpty })
    }

    @Test func `clients of servers that refuse spend the group's budget, and fail when it is used up`() throws {
        let upstream = TestUpstream.echo()
        var configuration = configuration(
            "balance: first_available\n    eject: { failures: 0, error_rate: 0 }\n    retries: { connects: 1000, budget: 0 }",
            upstream)
        // Each client tries all of them: few spend what is saved, however slow the machine is.
        configuration.servers = Loopback.freePorts(60).map { "\"127.0.0.1:\($0)\"" } + configuration.servers
        let reprise = try configuration.start()
        let port = reprise.port()
        func retries(_ result: String) throws -> Double {
            try reprise.metric("reprise_upstream_retries_total{upstream=\"app\",result=\"\(result)\"}")
        }
        #expect(
            try eventually(within: 30) {
                for _ in 0..<3 { _ = try? SocketClient(port: port, sending: [7]) }
                return try retries("over_budget") > 0
            })
        #expect(try retries("allowed") >= 10)
    }
}
