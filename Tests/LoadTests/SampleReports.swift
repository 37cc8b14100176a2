import Foundation
import RepriseLoad

/// Reports of runs that were never made, with figures like those of real ones.
enum SampleReports {
    /// A run of so many seconds at a rate: full handshakes of about 2 ms, and resumed ones of about 0.6 ms.
    ///
    /// - Parameter slower: how many times as long everything takes.
    static func run(seconds: Int, rate: Int = 400, slower: Double = 1, seed: UInt64 = 7) -> LoadReport {
        var random = SampleRandom(state: seed)
        var whole = Measurements()
        var report = LoadReport()
        for number in 0..<seconds {
            var part = Measurements()
            let stall = number == seconds / 2 && seconds > 8 ? 12.0 : 1
            let wobble = Int(Double(rate) * 0.02 * random.bell())
            for _ in 0..<max(1, rate + wobble) {
                connection(&part, &random, slower * stall, isLate: stall > 1 && random.fraction() < 0.3)
            }
            whole.merge(part)
            report.seconds.append(second(part, number + 1, random.fraction()))
        }
        whole.elapsed = .seconds(seconds)
        report.take(whole)
        describe(&report, seed)
        return report
    }

    private static func connection(
        _ part: inout Measurements, _ random: inout SampleRandom, _ factor: Double, isLate: Bool
    ) {
        func time(_ microseconds: Double) -> Duration {
            .microseconds(Int(microseconds * factor * exp(0.35 * random.bell()) * (random.fraction() < 0.01 ? 6 : 1)))
        }
        part.start(isLate: isLate)
        let connect = time(90)
        part.record(.connect, connect)
        let chance = random.fraction()
        let kind: HandshakeKind = chance < 0.3 ? .full : chance < 0.6 ? .ticket : chance < 0.95 ? .psk : .id
        let offered: OfferedKind? =
            switch kind {
            case .full: random.fraction() < 0.1 ? .statelessPSK : nil
            case .id: .id
            case .ticket: .ticket
            case .psk: random.fraction() < 0.3 ? .statefulPSK : .statelessPSK
            }
        let offer = offered.map { LoadOffer($0, from: random.fraction() < 0.8 ? .notify : .rst) }
        if let offer { part.offered(offer) }
        if random.fraction() < 0.002 {
            part.end(random.fraction() < 0.5 ? .handshakeTimeout : .closedEarly)
            return
        }
        part.handshake(kind, offer)
        let handshake = time(kind == .full ? 2100 : kind == .psk ? 820 : 560)
        let measure: Measure =
            switch kind {
            case .full: .handshakeFull
            case .id: .handshakeID
            case .ticket: .handshakeTicket
            case .psk: .handshakePSK
            }
        part.record(measure, handshake)
        part.record(.ready, connect + handshake)
        part.record(.firstByte, time(130))
        part.record(.request, time(170))
        part.record(.close, time(60))
        part.received(sessions: 2)
        part.answered(200)
        part.sent(120)
        part.received(16_384)
        part.end(nil)
    }

    private static func second(_ part: Measurements, _ end: Int, _ chance: Double) -> LoadReport.Second {
        let open = 3 + Int(chance * 5) + part.lateStarts / 4
        return LoadReport.Second(part, at: .seconds(end), open: open, busy: 0.55 + 0.1 * chance)
    }

    private static func describe(_ report: inout LoadReport, _ seed: UInt64) {
        report.reprise = "1.4.0"
        report.target = "https://shop.example:8443"
        report.command = [
            "reprise", "load", report.target, "--rate", "400/s", "--resume", "0.7", "--close", "notify:0.8,rst:0.2",
        ]
        report.began = "2026-11-27T20:15:00Z"
        report.seed = seed
        report.environment.host = "bench-1"
        report.environment.system = "Linux 6.12.8"
        report.environment.processor = "AMD EPYC 7543"
        report.environment.cores = 2
        report.environment.libssl = "OpenSSL 3.0.22"
        report.generator.threads = 2
        report.generator.busy = [0.613, 0.587]
        report.generator.residentBytes = 123_456_789
    }

    /// A run in which everything is found that a report may hold.
    static func everything(seconds: Int = 60, rate: Int = 400) -> LoadReport {
        var report = run(seconds: seconds, rate: rate)
        report.summary.skipped = 17
        report.summary.unfinished = 5
        report.summary.resumption.withoutSession = 211
        report.generator.sources = ["127.0.0.2", "127.0.0.3"]
        report.generator.limits = [
            "One of the generator's threads was on a CPU for 97 % of the run.", "3.10 % of the starts were late.",
        ]
        report.server = [
            .init(name: "reprise_handshakes_total{listener=\"shop\",resumed=\"no\"}", before: 1200, after: 8412),
            .init(
                name: "reprise_handshakes_total{listener=\"shop\",resumed=\"psk_stateless\"}", before: 87, after: 6123),
        ]
        report.events = [
            .init(at: Double(seconds) / 2, command: "kill -HUP $(cat /run/reprise.pid)", status: 0),
            .init(at: Double(seconds) * 0.8, command: "systemctl restart <backend>", status: nil),
        ]
        report.assertions = ["p99(ready) < 50ms", "resumed > 0.99", "errors == 0"].compactMap {
            (try? LoadAssertion(parsing: $0)).map(report.verdict)
        }
        var limit = LoadReport.Limit()
        (limit.condition, limit.rate) = ("p99(ready) < 50ms", 1600)
        limit.steps = [
            .init(rate: 800, done: 799.6, found: 0.0042, holds: true),
            .init(rate: 1600, done: 1598.2, found: 0.0313, holds: true),
            .init(rate: 3200, done: 2417.9, found: 1.87, holds: false),
        ]
        report.limit = limit
        return report
    }
}

/// Numbers that are the same in each run.
struct SampleRandom {
    var state: UInt64

    /// From 0 to 1.
    mutating func fraction() -> Double {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double((state >> 33) & 0xFFFF_FFFF) / 2_147_483_648
    }

    /// Around 0, with a deviation of 1.
    mutating func bell() -> Double {
        let (one, other) = (max(fraction(), 1e-9), fraction())
        return (-2 * log(one)).squareRoot() * cos(2 * .pi * other)
    }
}
