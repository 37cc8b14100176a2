internal import CRepriseEvent
internal import Glibc

/// How many files and sockets the process may have open.
package enum Descriptors {
    /// A file without a name that lives in memory until its last descriptor is closed (memfd_create(2)).
    ///
    /// - Returns: its descriptor, which the caller closes; less than 0 with `errno`.
    package static func memoryFile(named name: String) -> CInt { reprise_memory_file(name) }

    /// RLIMIT_NOFILE.
    package struct Limit: Sendable, Hashable {
        package let soft: Int
        package let hard: Int
    }

    /// The limit that is in force.
    ///
    /// - Parameter raises: whether the soft limit is raised to the hard one before.
    @discardableResult
    package static func limit(raising raises: Bool) -> Limit {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return Limit(soft: 1024, hard: 1024)
        }
        if raises, limit.rlim_cur < limit.rlim_max {
            let before = limit.rlim_cur
            limit.rlim_cur = limit.rlim_max
            if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { limit.rlim_cur = before }
        }
        return Limit(soft: Int(clamping: limit.rlim_cur), hard: Int(clamping: limit.rlim_max))
    }

    /// How many the loops, the log, the admin endpoint and a few connections need. With fewer, libevent ends the
    /// process itself.
    package static let least = 64

    /// Compares the limit that is in force with ``least``.
    ///
    /// - Throws: when there are fewer.
    package static func checkLeast(raising raises: Bool) throws(DescriptorLimitError) {
        let limit = limit(raising: raises).soft
        guard limit >= least else { throw DescriptorLimitError(limit: limit) }
    }

    /// Forbids core dumps of this process (RLIMIT_CORE), even after a crash.
    package static func forbidCoreDumps() {
        var limit = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    }

    /// How many are open now; 0 where /proc is not there.
    package static func open() -> Int {
        guard let folder = opendir("/proc/self/fd") else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        // ".", "..", and the folder's own descriptor.
        return max(0, count - 3)
    }
}

/// RLIMIT_NOFILE leaves too little to run at all.
package struct DescriptorLimitError: Error, CustomStringConvertible {
    let limit: Int

    package var description: String {
        "RLIMIT_NOFILE is \(limit), and Reprise needs at least \(Descriptors.least) descriptors ('ulimit -n', LimitNOFILE=)"
    }
}

/// The processors that this process may run on.
package enum Processors {
    /// How many there are, by its affinity mask (sched_getaffinity(2)); at least 1.
    package static func available() -> Int {
        // The kernel's mask for 8192 processors, the most that Linux can be built for.
        var mask = [UInt8](repeating: 0, count: 1024)
        guard sched_getaffinity(0, mask.count, &mask) == 0 else { return 1 }
        return max(1, mask.reduce(0) { $0 + $1.nonzeroBitCount })
    }
}
