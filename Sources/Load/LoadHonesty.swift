internal import Glibc
internal import RepriseEventLoop

/// Whether a run's figures are the server's, or this machine's and its generator's.
package struct LoadHonesty: Sendable {
    /// A thread that was on a CPU for such a share of the time could not have begun more.
    package static let busyThread = 0.9
    /// A machine whose CPUs were so busy has the generator and whatever else runs on it wait for each other.
    package static let busyMachine = 0.95
    /// A shorter run says nothing of the machine, whose time is counted in ticks of 10 ms.
    static let leastSeconds = 1.0
    /// Such a share of late starts is one that percentiles show.
    package static let lateStarts = 0.01

    /// What the CPUs of the machine have done since it started, in ticks (proc(5)): by all, and by nobody.
    private struct Ticks {
        let all: Double
        let idle: Double

        /// `nil` where /proc is not there.
        fileprivate static var now: Ticks? {
            guard let file = fopen("/proc/stat", "re") else { return nil }
            defer { fclose(file) }
            var line = [CChar](repeating: 0, count: 512)
            guard fgets(&line, CInt(line.count), file) != nil else { return nil }
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            // The ninth and tenth, guests, are part of the first two.
            let numbers = text.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
            guard numbers.count >= 5 else { return nil }
            return Ticks(all: numbers.reduce(0, +), idle: numbers[3] + numbers[4])
        }
    }

    private let before = Ticks.now

    /// The share of the machine's CPU time since it was made that was used; `nil` where nobody knows.
    var machineBusy: Double? {
        guard let before, let now = Ticks.now, now.all > before.all else { return nil }
        return 1 - (now.idle - before.idle) / (now.all - before.all)
    }

    /// What to tell people; nothing where the generator was no limit.
    package static func limits(
        _ measured: Measurements, busy: [Double], machine: Double?, sources: Int
    ) -> [String] {
        func percent(_ share: Double) -> String { "\((share * 100).rounded().short) %" }
        var limits: [String] = []
        if let busiest = busy.max(), busiest > busyThread {
            limits.append(
                "The generator was the limit: its busiest thread was on a CPU for \(percent(busiest)) of the time. "
                    + "Give it more --threads, or more machines (--merge).")
        } else if let machine, machine > busyMachine {
            let own = ReportUnits.fixed(busy.reduce(0, +), 2)
            limits.append(
                "This machine's CPUs were busy for \(percent(machine)) of the time, and the generator took no more than \(own) "
                    + "of a CPU: what runs here, the server too if it does, waited for each other.")
        }
        if measured.started > 0, case let share = Double(measured.lateStarts) / Double(measured.started),
            share > lateStarts
        {
            limits.append(
                "\(percent(share)) of the starts were more than \((LoadRun.lateAfter.seconds * 1000).short) ms late: "
                    + "at times the generator had more to do than it could, as when the rate is too high for it or a server "
                    + "catches up after standing still.")
        }
        if measured.skippedStarts > 0 {
            limits.append(
                "\(measured.skippedStarts) starts were left out, since all clients had connections or the generator did not "
                    + "get to them: the server or the generator was too slow for the rate, or --connections too few.")
        }
        let local = measured.failed(by: .localLimit)
        if local > 0 {
            limits.append(
                "\(local) connections failed for want of ports, descriptors or memory here: see ulimit -n, "
                    + "net.ipv4.ip_local_port_range and --source.")
        } else if sources > 0 {
            limits.append("Ports ran out: connections went on from \(sources) more addresses of 127.0.0.0/8.")
        }
        return limits
    }

    /// What to tell of a search that has found a limit at which the generator was late.
    static func lateSearch(_ rate: Double) -> String {
        "At \(ReportUnits.rate(rate)) the generator itself was late: the limit may be its own, not the server's."
    }
}
