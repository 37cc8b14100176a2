import Foundation
import Glibc
import RepriseTestSupport
import Testing

/// Signals at random moments of a start, a reload and a drain: an orderly end each time, and never a crash.
@Suite(.waits) struct SignalsComeAtAnyMoment {
    /// 500 in all where there is time for them.
    private static let rounds = Sanitizer.isOn ? 125 : Slow.isAsked ? 40 : 3
    private static let moments = ["start", "reload", "drain", "reload twice"]

    /// The same moments in each run.
    private struct Dice {
        var state: UInt64
        mutating func milliseconds(_ most: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % (most + 1)
        }
    }

    /// The moment is what is tried here, so it is no condition that is waited for.
    private func pass(_ milliseconds: Int) {
        poll(nil, 0, CInt(milliseconds))
    }

    private func configuration(_ upstream: TestUpstream) -> String {
        // Twenty hosts more take a while to load.
        var configuration = TestConfiguration(upstream)
        let names = ["localhost"] + (0..<20).map { "h\($0).test" }
        let hosts = names.map { "{ names: [\($0)], certificates: [{ chain: a.pem, key: a.key }] }" }
        configuration.hosts = "[\(hosts.joined(separator: ", "))]"
        // Two signals of one number that come while the process is not scheduled are one: then it drains to the end.
        configuration.top = "drain_timeout: 5s"
        return configuration.text
    }

    @Test(arguments: moments)
    func `a process that is told to end does so in order`(moment: String) throws {
        let upstream = TestUpstream.echo()
        let folder = RepriseProcess.temporaryFolder()
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        let text = configuration(upstream)
        var dice = Dice(state: UInt64(moment.utf8.count))
        for round in 0..<Self.rounds {
            let reprise = try RepriseProcess(text, folder: folder, waits: moment != "start")
            var client: SocketClient?
            switch moment {
            case "start": pass(dice.milliseconds(Sanitizer.isOn ? 400 : 60))
            case "reload":
                reprise.signal(SIGHUP)
                pass(dice.milliseconds(Sanitizer.isOn ? 60 : 12))
            case "reload twice":
                reprise.signal(SIGHUP)
                pass(dice.milliseconds(6))
                reprise.signal(SIGHUP)
                pass(dice.milliseconds(6))
            default:
                client = try SocketClient(port: reprise.port())
                reprise.signal(SIGTERM)
                pass(dice.milliseconds(6))
                reprise.signal(round % 2 == 0 ? SIGHUP : SIGINT)
                pass(dice.milliseconds(3))
            }
            reprise.signal(SIGTERM)
            let status = reprise.status()
            // Before the first line of ours runs, the system's default ends it.
            let orderly: [Int32] = moment == "start" ? [0, 128 + SIGTERM, SIGTERM] : [0, 143]
            #expect(status.map(orderly.contains) == true, "round \(round): \(status as Any)\n\(reprise.log)")
            #expect(!reprise.log.contains("died by signal"), "round \(round)\n\(reprise.log)")
            _ = client
        }
    }

    @Test func `a load that hangs keeps no process from its end`() throws {
        let folder = RepriseProcess.temporaryFolder()
        let reprise = try TestConfiguration(TestUpstream.echo()).start(folder: folder)
        // A FIFO that nobody writes to: its reader waits for ever.
        let chain = folder.appending(path: "a.pem").path
        unlink(chain)
        #expect(mkfifo(chain, 0o600) == 0)
        reprise.signal(SIGHUP)
        #expect(reprise.waitForLine(1) { $0["message"] == "configuration reloaded" } == nil)
        reprise.signal(SIGTERM)
        #expect(reprise.status(within: 10) == 0, "\(reprise.log)")
    }

    @Test(.disabled(if: Sanitizer.isOn, "a sanitizer reports crashes in its own way"), arguments: [SIGSEGV, SIGABRT])
    func `a crash is told by its signal, and shows nothing of what is in memory`(signal: Int32) throws {
        let reprise = try TestConfiguration(TestUpstream.echo()).start()
        reprise.signal(signal)
        let status = reprise.status(within: 60)
        #expect(status != nil && status != 0)
        let word = "reprise: died by signal \(signal < 10 ? "0" : "")\(signal)\n"
        // The log is read by another thread.
        #expect(eventually { reprise.log.contains(word) }, "\(reprise.log)")
        #expect(!reprise.log.contains("Registers"))
    }
}
