internal import Glibc

/// Work that may wait for a disk or a name server, on a thread of its own: for what is rare, such as loading.
package enum Background {
    /// Runs `work` apart from every loop and gives its result.
    ///
    /// A thread that the system refuses is a loop that waits: the work is done here then.
    package static func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            let job: @Sendable () -> Void = { continuation.resume(returning: work()) }
            if !start(job) { job() }
        }
    }

    /// Begins `work` apart from every loop.
    ///
    /// - Returns: whether the system had a thread; without one, nothing is done.
    package static func start(_ work: @escaping @Sendable () -> Void) -> Bool {
        let job = Unmanaged.passRetained(Job(work))
        var thread = pthread_t()
        guard pthread_create(&thread, nil, runJob, job.toOpaque()) == 0 else {
            job.release()
            return false
        }
        pthread_detach(thread)
        return true
    }

    fileprivate final class Job {
        let work: @Sendable () -> Void

        init(_ work: @escaping @Sendable () -> Void) {
            self.work = work
        }
    }
}

private func runJob(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let argument { Unmanaged<Background.Job>.fromOpaque(argument).takeRetainedValue().work() }
    return nil
}
