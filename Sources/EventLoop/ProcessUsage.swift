internal import Glibc

/// What the system says of this process (proc(5)), for the metrics that Prometheus' clients give of any process.
package struct ProcessUsage: Sendable {
    /// Threads that there are now.
    package let threads: Int
    /// The address space in use.
    package let virtualBytes: Int
    /// The part of it in memory.
    package let residentBytes: Int
    /// From the system's start to the process's, in seconds.
    private let secondsFromBoot: Double

    /// Reads /proc/self/stat; `nil` where /proc is not there.
    package static var current: ProcessUsage? {
        let file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = read(file, &buffer, buffer.count)
        guard count > 0 else { return nil }
        return ProcessUsage(String(decoding: buffer[..<count], as: UTF8.self))
    }

    private init?(_ line: String) {
        // The second field is the program's name, which may hold spaces and brackets.
        guard let end = line.lastIndex(of: ")") else { return nil }
        let fields = line[line.index(after: end)...].split(separator: " ")
        /// By its number in proc(5); the third is the first behind the name.
        func field(_ number: Int) -> Int? { fields.count > number - 3 ? Int(fields[number - 3]) : nil }
        guard let threads = field(20), let ticks = field(22), let virtual = field(23), let pages = field(24) else {
            return nil
        }
        self.threads = threads
        virtualBytes = virtual
        residentBytes = pages * max(1, sysconf(CInt(_SC_PAGESIZE)))
        secondsFromBoot = Double(ticks) / Double(max(1, sysconf(CInt(_SC_CLK_TCK))))
    }

    /// When the process started, in seconds since 1970-01-01T00:00:00Z, by the clock as it is set now.
    package var startTime: Double { Self.seconds(CLOCK_REALTIME) - Self.seconds(CLOCK_BOOTTIME) + secondsFromBoot }

    /// The CPU time of all threads so far, in the system and outside of it.
    package static var cpuSeconds: Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
