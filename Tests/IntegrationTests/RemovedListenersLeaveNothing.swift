import Foundation
import Glibc
import RepriseTestSupport
import Testing

/// Listeners that reloads rename: what they had goes with their last connection.
@Suite(.waits) struct RemovedListenersLeaveNothing {
    private static let renames = 20

    private func virtualBytes(_ reprise: RepriseProcess) -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(reprise.processID)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmSize:") }
        return (line?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) << 10
    }

    private func series(_ reprise: RepriseProcess) throws -> [Substring] {
        try reprise.metrics().split(separator: "\n").filter { !$0.hasPrefix("#") }
    }

    @Test func `stores, session domains and series of listeners that are gone go too`() throws {
        let upstream = TestUpstream.echo()
        let folder = RepriseProcess.temporaryFolder()
        var configuration = TestConfiguration(upstream)
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        func text(_ number: Int) -> String {
            configuration.text.replacingOccurrences(of: "name: web", with: "name: web\(number)")
                .replacingOccurrences(of: "name: app", with: "name: app\(number)")
                .replacingOccurrences(of: "router: app", with: "router: app\(number)")
        }
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let reprise = try RepriseProcess(text(0), folder: folder)
        let client = try SocketClient(port: reprise.port("web0"), sending: [1])
        #expect(
            eventually {
                (try? reprise.metric(
                    "reprise_upstream_connections_open{upstream=\"app0\",server=\"127.0.0.1:\(upstream.port)\"}")) == 1
            })
        let before = (bytes: virtualBytes(reprise), series: try series(reprise).count)
        for number in 1...Self.renames {
            try reprise.rewrite(text(number))
            reprise.signal(SIGHUP)
            let isThere = eventually { reprise.port("web\(number)") != 0 }
            #expect(isThere, "\(reprise.log)")
            #expect(eventually { reprise.lines.count { $0["message"] == "configuration reloaded" } == number })
        }
        // The first one's connection is open: what it has stays. What it leaves and the last one make two of each.
        #expect(eventually { (try? series(reprise).count { $0.contains("\"web5\"") }) == 0 })
        #expect(try series(reprise).contains { $0.contains("\"web0\"") })
        #expect(eventually { ((try? series(reprise).count) ?? .max) < 2 * before.series })
        client.tls.sendCloseNotify()
        client.flush()
        while client.takeIn() {}
        #expect(reprise.closedConnection()["ending"] == "client_close_notify")
        #expect(
            eventually { (try? series(reprise).contains { $0.contains("\"web0\"") }) == false })
        #expect(eventually { (try? series(reprise).count) == before.series })
        // A store maps 64 MiB, and so does malloc(3) for an arena, of which it has a few.
        if !Sanitizer.isOn { #expect(virtualBytes(reprise) < before.bytes + (Self.renames / 2) * 64 << 20) }
        let fresh = try SocketClient(port: reprise.port("web\(Self.renames)"), sending: [2])
        #expect(fresh.takeIn())
    }
}
