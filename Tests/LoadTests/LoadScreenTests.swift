import RepriseLoad
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// What a terminal shows of a run.
@Suite(.waits, .serialized) struct LoadScreenTests {
    /// A real run's seconds.
    private static func news(_ change: (inout LoadPlan) -> Void) throws -> (LoadPlan, [LoadConductor.News]) {
        let server = try LoadRunTests.Server()
        let plan = try LoadRunTests.plan(server.port) {
            ($0.connections, $0.clients, $0.duration) = (.max, 20, .seconds(3))
            $0.pace = .open(LoadProfile(LoadRate(50)), .constant)
            $0.handshake = Mix(.psk)
            change(&$0)
        }
        let heard = Heard()
        _ = try LoadConductor(plan) { heard.news.append($0) }.perform()
        return (plan, heard.news)
    }

    private final class Heard {
        var news: [LoadConductor.News] = []
    }

    @Test func `a screen fits its terminal, and shows what there is`() throws {
        let (plan, news) = try Self.news { _ in }
        var screen = LoadScreen("tls://localhost:1", of: plan)
        #expect(screen.lines(columns: 80, rows: 24).contains { $0.contains("0s of 3.00s") })
        for one in news { screen.take(one) }
        for (columns, rows) in [(80, 24), (200, 60), (60, 16), (100, 5)] {
            let lines = screen.lines(columns: columns, rows: rows)
            #expect(lines.count < rows && lines.allSatisfy { $0.count <= columns }, "\(lines.joined(separator: "\n"))")
        }
        let text = screen.lines(columns: 80, rows: 30).joined(separator: "\n")
        for word in [
            "tls://localhost:1", "█", "rate", "p99", "handshake.psk", "ready", "resumed 100.00%", "generator busy",
        ] {
            #expect(text.contains(word), "\(word):\n\(text)")
        }
        #expect(!text.contains("failures"), "\(text)")
    }

    @Test func `a line tells a second in little more than a hundred columns`() throws {
        let (_, news) = try Self.news { ($0.pace, $0.clients, $0.duration) = (.closed, 2, .milliseconds(1200)) }
        let line = LoadLine(try #require(news.first)).text
        #expect(line.count <= 110 && line.contains("/s done") && line.contains("ready p50"), "\(line)")
    }

    @Test func `failures are shown by their reason`() throws {
        let (plan, news) = try Self.news { $0.errand.servers = $0.errand.servers.map { _ in .ip(.loopback4, port: 1) } }
        var screen = LoadScreen("tls://localhost:1", of: plan)
        for one in news { screen.take(one) }
        let text = screen.lines(columns: 80, rows: 30).joined(separator: "\n")
        #expect(text.contains("failures  connect_refused"), "\(text)")
    }
}
