import Foundation
import RepriseLoad
import RepriseTestSupport
import Testing

/// A run as a whole: its seconds, its commands, its search, its report.
@Suite(.waits, .serialized) struct LoadConductorTests {
    private typealias Server = LoadRunTests.Server

    private static func plan(_ port: Int, _ rate: Double, for duration: Duration) throws -> LoadPlan {
        try LoadRunTests.plan(port) {
            ($0.connections, $0.clients, $0.duration) = (.max, 20, duration)
            $0.pace = .open(LoadProfile(LoadRate(rate)), .constant)
            $0.handshake = Mix(.psk)
        }
    }

    private final class Heard {
        var news: [LoadConductor.News] = []
    }

    @Test func `each second is told, and all of them are the whole`() throws {
        let server = try Server()
        let heard = Heard()
        let conductor = try LoadConductor(Self.plan(server.port, 100, for: .milliseconds(2300))) {
            heard.news.append($0)
        }
        let report = try conductor.perform()
        #expect(report.seconds.count == heard.news.count && heard.news.count <= 4, "\(report.seconds)")
        let started = report.summary.started
        #expect((100...230).contains(started) && report.summary.done == started && report.ended == .byTime)
        #expect(report.seconds.reduce(0) { $0 + $1.started } == started)
        #expect(report.seconds.reduce(0) { $0 + $1.done } == started)
        #expect(report.seconds.reduce(0) { $0 + $1.full } == report.summary.handshakes["full"])
        #expect(report.seconds.reduce(0) { $0 + $1.resumed } == report.summary.handshakes["psk"])
        let resumption = report.summary.resumption
        #expect(resumption.accepted == started - resumption.withoutSession && resumption.refused == 0)
        let second = try #require(report.seconds.first)
        #expect(second.at >= 0.9 && second.busy > 0 && second.busy <= 1 && second.ready != nil)
        #expect(report.generator.threads == 2 && report.generator.busy.count == 2)
        #expect(report.environment.cores > 0 && report.environment.libssl.hasPrefix("OpenSSL"))
        #expect(try LoadReport(json: report.json()) == report)
        #expect(heard.news.allSatisfy { $0.total.done <= started && $0.length > 0 })
    }

    @Test func `a run that has made its connections ends, and says so`() throws {
        let server = try Server()
        var plan = try LoadRunTests.plan(server.port)
        plan.duration = .seconds(60)
        let report = try LoadConductor(plan).perform()
        #expect(report.ended == .byCount && report.summary.done == 40 && report.summary.elapsedSeconds < 30)
    }

    @Test func `commands run at their time, and their end is told`() throws {
        let server = try Server()
        let folder = RepriseProcess.temporaryFolder()
        var script = LoadScript()
        script.events = try [
            LoadScript.Event(parsing: "100ms: touch '\(folder.path)/here'; exit 3"),
            LoadScript.Event(parsing: "1h: touch '\(folder.path)/never'"),
            LoadScript.Event(parsing: "200ms: kill -TERM $$"),
        ]
        let report = try LoadConductor(Self.plan(server.port, 50, for: .milliseconds(1500)), script).perform()
        #expect(report.events.map(\.status) == [3, 128 + 15], "\(report.events)")
        #expect(try #require(report.events.first).at >= 0.1)
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/here"))
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/never"))
    }

    @Test func `a search goes up while its condition holds, and tells what it has found when its time is up`() throws {
        let server = try Server()
        var script = LoadScript()
        script.search = try LoadAssertion(parsing: "connections < 30")
        script.step = .seconds(1)
        let report = try LoadConductor(Self.plan(server.port, 20, for: .seconds(6)), script).perform()
        let limit = try #require(report.limit)
        #expect(limit.steps.prefix(2).map(\.holds) == [true, false], "\(limit)")
        #expect(limit.steps.prefix(2).map(\.rate) == [20, 40] && limit.rate == 20, "\(limit)")
        #expect(report.ended == .byTime && limit.condition == "connections < 30")
    }

    @Test func `what was asserted is judged by what was measured`() throws {
        let server = try Server()
        var script = LoadScript()
        script.assertions = try ["resumed > 0.99", "resumed(newest) == 1", "resumed(forged) == 0", "errors == 1"]
            .map { try LoadAssertion(parsing: $0) }
        let report = try LoadConductor(LoadRunTests.plan(server.port) { $0.handshake = Mix(.ticket) }, script).perform()
        #expect(report.assertions.map(\.holds) == [true, true, false, false])
        #expect(report.assertions.map(\.found) == [1, 1, nil, 0])
        #expect(report.assertions[2].text == "resumed(forged) == 0: nothing of it was measured")
        #expect(report.assertions[3].text == "errors == 1: it was 0")
    }
}
