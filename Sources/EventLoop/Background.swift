internal import Glibc

/// Work that may wait for a disk or a name server, on a thread of its own: for what is rare, such as loading.
package enum Background {
    /// Runs `work` apart from every loop and gives its result.
    ///
    /// A thread that the system refuses is a loop that waits: the work is done here then.
    package static func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            let job = Unmanaged.passRetained(Job { continuation.resume(returning: work()) })
            var thread = pthread_t()
            let code = pthread_create(&thread, nil, runJob, job.toOpaque())
            guard code != 0 else { return _ = pthread_detach(thread) }
            job.takeRetainedValue().work()
        }
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
