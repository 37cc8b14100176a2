import Foundation
import Glibc
import RepriseTestSupport
import Testing

/// What one connection costs in system calls, counted by strace: the trace of docs/one-connection.md.
@Suite(.waits) struct SystemCallsAreFew {
    /// Containers often forbid ptrace(2), and a sanitizer makes calls of its own.
    static let canTrace =
        !Sanitizer.isOn && (try? Shell.run(["strace", "-f", "-o", "/dev/null", "true"]))?.status == 0

    /// One call: `name(arguments) = result`.
    private struct Call: CustomStringConvertible {
        let name: String
        let description: String
        /// The descriptor it is about; of epoll_ctl, the one that is watched.
        let descriptor: Int?
        let result: Int?

        init?(_ line: Substring) {
            guard let match = line.firstMatch(of: #/^(\w+)\((\d*)(?:, EPOLL_CTL_\w+, (\d+))?.*\) += (-?\d+)/#) else {
                return nil
            }
            name = String(match.1)
            description = String(line)
            descriptor = Int(match.3 ?? match.2)
            result = Int(match.4)
        }
    }

    /// The calls of one connection: those on the client's socket and on the server's, and all of them in words.
    private struct Trace {
        let ofClient: [Call]
        let ofUpstream: [Call]
        let story: String
    }

    /// A client's request and answer through a server that is traced.
    ///
    /// - Parameter count: so many come before that one, for sessions that it can resume.
    private func trace(
        _ configuration: TestConfiguration, in folder: URL = RepriseProcess.temporaryFolder(), after count: Int = 0
    ) throws -> (trace: Trace, line: [String: String]) {
        var configuration = configuration
        // The ticket leaves with the answer, however slow the traced server is.
        configuration.listener = "sessions: { tickets: { delay: 10s } }"
        // One file for each thread; the tracer stands aside, so that signals reach the server.
        let reprise = try configuration.start(
            folder: folder,
            wrapper: ["strace", "-D", "-ff", "-o", folder.path + "/trace", "-e", "trace=%network,%desc"])
        for number in 1...(count + 1) {
            let client = try SocketClient(
                port: reprise.port(), sending: Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8))
            var answer: [UInt8] = []
            while !answer.ends(with: "ok\n") {
                if let bytes = try client.tls.read() { answer += bytes } else { try #require(client.takeIn()) }
            }
            client.tls.sendCloseNotify()
            client.flush()
            while client.takeIn() {}
            #expect(reprise.closedConnection(number)["protocol"] == "TLSv1.3")
        }
        let line = reprise.closedConnection(count + 1)
        reprise.signal(SIGTERM)
        #expect(reprise.status() == 0)

        let worker = try #require(workerCalls(in: folder))
        let accepts = worker.indices.filter { worker[$0].name.hasPrefix("accept") && (worker[$0].result ?? -1) >= 0 }
        let accepted = try #require(accepts.last)
        var ofClient = calls(on: worker[accepted].result, in: worker[(accepted + 1)...])
        // An answer that takes a traced upstream more than a millisecond has what came acknowledged before, once.
        if let early = ofClient.firstIndex(where: { $0.description.contains("TCP_QUICKACK") }) {
            ofClient.remove(at: early)
        }
        let opened = try #require(worker[accepted...].firstIndex { $0.name == "socket" })
        var ofUpstream = calls(on: worker[opened].result, in: worker[(opened + 1)...])
        // One event that tells of the connect and of bytes is asked for its error, once, and so is who has said nothing for 50 ms:
        // a slow tracer brings both about.
        ofUpstream = withoutQuestion(withoutQuestion(ofUpstream))
        ofClient = withoutQuestion(ofClient)
        let story = worker[accepted...].map(\.description).joined(separator: "\n")
        for calls in [ofClient, ofUpstream] {
            #expect(self.count(calls)["epoll_ctl"] ?? 0 <= 2, "\(story)")
            #expect(!calls.contains { $0.name == "recvfrom" && $0.description.contains("EAGAIN") }, "\(story)")
        }
        return (Trace(ofClient: ofClient, ofUpstream: ofUpstream, story: story), line)
    }

    /// A PROXY protocol header to the server leaves with the client's first bytes, and asks the kernel for nothing.
    @Test(.enabled(if: canTrace, "strace may not trace here"), arguments: ["off", "v1", "v2"])
    func `a connection costs the calls it needs, and no receive in vain`(sendProxy: String) throws {
        let upstream = TestUpstream { peer in
            guard case .bytes = peer.receive() else { return peer.close() }
            peer.send(Array("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n".utf8))
            while case .bytes = peer.receive() {}
            peer.close()
        }
        var configuration = TestConfiguration(upstream)
        configuration.group = "send_proxy: \(sendProxy)"
        let (trace, _) = try trace(configuration)
        #expect(
            count(trace.ofClient)
                == ["recvfrom": 3, "sendto": 3, "close": 1, "epoll_ctl": count(trace.ofClient)["epoll_ctl"]],
            "\(trace.story)")
        let calls = count(trace.ofUpstream)
        #expect(calls["setsockopt"] == 1 && calls["connect"] == 1, "\(trace.story)")
        #expect(calls["sendto"] == 1 && calls["close"] == 1, "\(trace.story)")
        #expect((1...2).contains(calls["recvfrom"] ?? 0) && calls["shutdown"] ?? 0 <= 1, "\(trace.story)")
        let budgeted: Set = ["setsockopt", "connect", "sendto", "recvfrom", "shutdown", "close", "epoll_ctl"]
        #expect(budgeted.isSuperset(of: calls.keys), "\(trace.story)")
    }

    /// Beside a plain server's: the ClientHello goes, the server's flight comes, and close_notify goes. The client's bytes
    /// leave with our Finished, and what a session brings comes with the answer.
    @Test(.enabled(if: canTrace && ForeignPrograms.nginx, "strace may not trace here, or nginx is not installed"))
    func `TLS to a server costs its flights alone`() throws {
        let nginx = try TLSNginx(answer: "ok\\n")
        var configuration = TestConfiguration()
        configuration.servers = ["\"127.0.0.1:\(nginx.port)\""]
        configuration.group = "tls: { ca: ca.pem, server_name: app.test }"
        let (trace, line) = try trace(configuration, in: nginx.folder, after: 1)
        #expect(line["upstream_resumed"] == "psk", "\(line)")
        let calls = count(trace.ofUpstream)
        #expect(calls["setsockopt"] == 1 && calls["connect"] == 1 && calls["close"] == 1, "\(trace.story)")
        #expect(calls["sendto"] ?? 0 <= 3 && calls["recvfrom"] ?? 0 <= 4, "\(trace.story)")
        let budgeted: Set = ["setsockopt", "connect", "sendto", "recvfrom", "shutdown", "close", "epoll_ctl"]
        #expect(budgeted.isSuperset(of: calls.keys), "\(trace.story)")
    }

    /// The calls of the thread that accepted, once the tracer has written them all.
    private func workerCalls(in folder: URL) -> [Call]? {
        var found: [Call]?
        _ = eventually {
            let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            let texts = files.filter { $0.hasPrefix("trace.") }.compactMap {
                try? String(contentsOf: folder.appending(path: $0), encoding: .utf8)
            }
            guard texts.allSatisfy({ $0.contains("+++ ") }) else { return false }
            found = texts.map { $0.split(separator: "\n").compactMap(Call.init) }.first { calls in
                calls.contains { $0.name.hasPrefix("accept") && ($0.result ?? -1) >= 0 }
            }
            return found != nil
        }
        return found
    }

    private func withoutQuestion(_ calls: [Call]) -> [Call] {
        var calls = calls
        if let asked = calls.firstIndex(where: { $0.name == "getsockopt" }) { calls.remove(at: asked) }
        return calls
    }

    /// The calls on a descriptor up to its close.
    private func calls(on descriptor: Int?, in calls: ArraySlice<Call>) -> [Call] {
        let own = calls.filter { $0.descriptor == descriptor }
        let end = own.firstIndex { $0.name == "close" } ?? own.endIndex - 1
        return Array(own[...end])
    }

    private func count(_ calls: [Call]) -> [String: Int] {
        Dictionary(calls.map { ($0.name, 1) }, uniquingKeysWith: +)
    }
}

extension [UInt8] {
    fileprivate func ends(with text: String) -> Bool { suffix(text.utf8.count) == Array(text.utf8)[...] }
}
