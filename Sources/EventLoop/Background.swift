internal import Glibc
internal import RepriseVocabulary

/// Work that may wait for a disk or a name server, on a thread of its own: for what is rare, such as loading.
package enum Background {
    /// Runs `work` apart from every loop and gives its result.
    ///
    /// If the system refuses a thread, it does the work here, and the loop waits.
    package static func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            let job: @Sendable () -> Void = { continuation.resume(returning: work()) }
            if !start(job) { job() }
        }
    }

    /// The same, and `nil` when it has taken too long: it goes on then, and its result is dropped.
    ///
    /// - Parameter loop: the caller's loop, which measures the time.
    package static func run<Result: Sendable>(
        atMost time: Duration, on loop: EventLoop, _ work: @escaping @Sendable () -> Result
    ) async -> Result? {
        let race = Race<Result>(loop)
        return await withCheckedContinuation { continuation in
            // This function is not isolated: the race runs on the loop only.
            loop.execute {
                race.begin(continuation, atMost: time)
                let job: @Sendable () -> Void = {
                    let result = work()
                    loop.execute { race.end(result) }
                }
                if !start(job) { job() }
            }
        }
    }

    /// A race between the result and the end of the time.
    // @unchecked: confined to the loop; a thread only passes it back there.
    private final class Race<Result: Sendable>: @unchecked Sendable {
        private let loop: EventLoop
        private var continuation: CheckedContinuation<Result?, Never>?
        private var timer: LoopEvent?

        init(_ loop: EventLoop) {
            self.loop = loop
        }

        func begin(_ continuation: CheckedContinuation<Result?, Never>, atMost time: Duration) {
            self.continuation = continuation
            let timer = LoopEvent.timer(on: loop) { [unowned self] in end(nil) }
            self.timer = timer
            timer.schedule(after: time)
        }

        func end(_ result: Result?) {
            timer?.close()
            timer = nil
            continuation?.resume(returning: result)
            continuation = nil
        }
    }

    /// Begins `work` apart from every loop.
    ///
    /// - Returns: whether the system had a thread; without one, nothing is done.
    package static func start(_ work: @escaping @Sendable () -> Void) -> Bool {
        underWay.begin()
        let job = Unmanaged.passRetained(Job(work))
        var thread = pthread_t()
        guard pthread_create(&thread, nil, runJob, job.toOpaque()) == 0 else {
            job.release()
            underWay.end()
            return false
        }
        pthread_detach(thread)
        return true
    }

    /// Waits until no work is under way: a process that exits meanwhile would free what the work uses.
    ///
    /// - Returns: whether all work ended in time.
    package static func wait(atMost time: Duration) -> Bool {
        underWay.wait(atMost: time)
    }

    fileprivate static let underWay = UnderWay()

    fileprivate final class Job {
        let work: @Sendable () -> Void

        init(_ work: @escaping @Sendable () -> Void) {
            self.work = work
        }
    }

    /// How much work is under way, for waiting until it ends.
    // @unchecked: the count is used with the mutex held; both live as long as the process.
    fileprivate final class UnderWay: @unchecked Sendable {
        private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private let isOver = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
        private var count = 0

        init() {
            mutex.initialize(to: pthread_mutex_t())
            isOver.initialize(to: pthread_cond_t())
            pthread_mutex_init(mutex, nil)
            var attributes = pthread_condattr_t()
            pthread_condattr_init(&attributes)
            // A wall clock that is set meanwhile must not make the wait longer.
            pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
            pthread_cond_init(isOver, &attributes)
            pthread_condattr_destroy(&attributes)
        }

        func begin() {
            pthread_mutex_lock(mutex)
            count += 1
            pthread_mutex_unlock(mutex)
        }

        func end() {
            pthread_mutex_lock(mutex)
            count -= 1
            if count == 0 { pthread_cond_broadcast(isOver) }
            pthread_mutex_unlock(mutex)
        }

        func wait(atMost time: Duration) -> Bool {
            var end = timespec()
            clock_gettime(CLOCK_MONOTONIC, &end)
            let nanoseconds = end.tv_nsec + Int(time.wholeNanoseconds)
            end.tv_sec += nanoseconds / 1_000_000_000
            end.tv_nsec = nanoseconds % 1_000_000_000
            pthread_mutex_lock(mutex)
            defer { pthread_mutex_unlock(mutex) }
            while count > 0 {
                if pthread_cond_timedwait(isOver, mutex, &end) == ETIMEDOUT { return count == 0 }
            }
            return true
        }
    }
}

private func runJob(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let argument { Unmanaged<Background.Job>.fromOpaque(argument).takeRetainedValue().work() }
    Background.underWay.end()
    return nil
}
