internal import CRepriseEvent
internal import Dispatch
internal import Glibc
package import RepriseVocabulary
internal import Synchronization

/// A libevent loop on a thread of its own, and the executor of the actors and tasks that live on it.
///
/// Tasks that prefer it, and what they call, never use the pool of Swift's own runtime: that needs threads that the
/// system may refuse, and a /proc that may be missing, and reports neither.
///
/// Data-plane code is plain callbacks on the loop; control-plane code is `async` Swift that hops onto it.
// @unchecked: mutable state is either behind `inbox`'s lock, or confined to the loop's thread.
package final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// The stack of a loop's thread. libssl's handshakes and Swift's own frames need far less.
    static let stackBytes = 1 << 20

    /// The loop's name: its thread's too, cut to the 15 bytes that Linux allows.
    package let name: String
    let base: OpaquePointer

    private let inbox = Locked<Inbox>(Inbox())
    private var wakeEvent: OpaquePointer?
    private var thread: pthread_t?
    private let runner = Atomic<UInt>(0)
    private var turnTime: Instant?
    private var kept: [AnyObject] = []

    private struct Inbox {
        var jobs: [Job] = []
        var isWoken = false
        /// Whether the loop has ended: it runs nothing more, and waiting jobs may hold the loop itself.
        var isEnded = false
    }

    private enum Job {
        case swift(UnownedJob)
        case body(@Sendable () -> Void)
    }

    /// A loop that does not run yet.
    ///
    /// libevent's defaults fit: exact timers (EVENT_BASE_FLAG_PRECISE_TIMER) would cost a timerfd_settime(2) in every
    /// turn, and the epoll changelist must stay off, because descriptors are closed and used again within a turn.
    /// Timers are therefore exact to the coarse clock's tick, 4 ms on most kernels.
    /// - Throws: when libevent cannot make a base (no memory, no descriptors).
    package init(name: String) throws(EventLoopError) {
        _ = Self.threadsAreSetUp
        guard let base = Self.makeBase() else {
            throw EventLoopError(operation: "event_base_new", errno: .current)
        }
        self.name = name
        self.base = base
        let wake = event_new(base, -1, CShort(EV_PERSIST), wakeCallback, Unmanaged.passUnretained(self).toOpaque())
        guard let wake else {
            event_base_free(base)
            throw EventLoopError(operation: "event_new", errno: .current)
        }
        wakeEvent = wake
    }

    /// How many callbacks run before libevent looks at sockets and timers again. Without a bound, an event that is
    /// activated anew in its own callback runs in the same turn (libevent 2.1), and a few busy connections would never
    /// end it.
    package static let callbacksInTurn: CInt = 64

    private static func makeBase() -> OpaquePointer? {
        guard let configuration = event_config_new() else { return nil }
        defer { event_config_free(configuration) }
        guard event_config_set_max_dispatch_interval(configuration, nil, callbacksInTurn, 0) == 0 else { return nil }
        return event_base_new_with_config(configuration)
    }

    /// The libevent this process runs with, such as `2.1.12-stable`.
    package static var libeventVersion: String { String(cString: event_get_version()) }

    private static let threadsAreSetUp: Bool = {
        LibeventMemory.install()
        return evthread_use_pthreads() == 0
    }()

    deinit {
        if let wakeEvent { event_free(wakeEvent) }
        event_base_free(base)
    }

    /// Keeps an object for as long as the loop runs. Before the loop starts, or on it.
    package func keep(_ object: AnyObject) {
        assertConfined()
        kept.append(object)
    }

    /// Runs the loop on a thread of its own until ``stop()``; ``join()`` must follow.
    ///
    /// - Throws: when the system has no thread left for it (RLIMIT_NPROC, a cgroup's pids.max).
    package func start() throws(EventLoopError) {
        precondition(thread == nil, "loop \(name) was started twice")
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setstacksize(&attributes, Self.stackBytes)
        var thread = pthread_t()
        let context = Unmanaged.passRetained(self)
        let result = pthread_create(&thread, &attributes, threadMain, context.toOpaque())
        pthread_attr_destroy(&attributes)
        guard result == 0 else {
            context.release()
            throw EventLoopError(operation: "a thread for the loop \(name)", errno: SystemErrno(result))
        }
        self.thread = thread
    }

    /// Runs the loop on the calling thread until ``stop()``.
    package func run() {
        runner.store(UInt(pthread_self()), ordering: .releasing)
        _ = event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY)
        takeJobs()
        // The kept objects may refer to the loop.
        kept = []
        runner.store(0, ordering: .releasing)
    }

    /// Runs the jobs handed over since the loop of the calling thread ended, so that tasks that waited for something
    /// else end.
    package func runLeftovers() {
        runner.store(UInt(pthread_self()), ordering: .releasing)
        for _ in 0..<Self.leftoverTurns {
            guard inbox.withLock({ !$0.jobs.isEmpty }) else { break }
            takeJobs()
        }
        runner.store(0, ordering: .releasing)
    }

    /// A cancelled task hands over a few jobs; one that goes on for ever is abandoned.
    private static let leftoverTurns = 100

    /// Ends the loop after the callbacks of this turn. From any thread.
    package func stop() {
        execute { [base = UInt(bitPattern: base)] in
            guard let base = OpaquePointer(bitPattern: base) else { return }
            event_base_loopbreak(base)
        }
    }

    /// Waits for the thread of ``start()`` to end.
    package func join() {
        guard let thread else { return }
        pthread_join(thread, nil)
        self.thread = nil
        endForGood()
    }

    /// Ends a loop that runs no more: bodies that wait are dropped, since they may hold the loop itself, and tasks go on
    /// elsewhere, one after the other. A task that waits for another machine must end, or an actor that it is in would
    /// never serve anybody again.
    package func endForGood() {
        let left = inbox.withLock { inbox in
            inbox.isEnded = true
            defer { inbox.jobs = [] }
            return inbox.jobs
        }
        // Freed here, without the lock: freeing may hand over more.
        for job in left { if case .swift(let job) = job { runLate(job) } }
    }

    private static let afterlife = DispatchQueue(label: "tasks of ended loops")

    private func runLate(_ job: UnownedJob) {
        Self.afterlife.async { [self] in
            runner.store(UInt(pthread_self()), ordering: .releasing)
            job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            runner.store(0, ordering: .releasing)
        }
    }

    /// Whether the caller is on the loop's thread.
    package var isOnLoop: Bool { runner.load(ordering: .acquiring) == UInt(pthread_self()) }

    /// Debug builds stop here when something confined to the loop is used elsewhere while it runs.
    package func assertConfined() {
        assert(runner.load(ordering: .acquiring) == 0 || isOnLoop, "not on loop \(name)")
    }

    /// The time, read at most once in a turn.
    package var now: Instant {
        assertConfined()
        if let turnTime { return turnTime }
        let time = Clocks.monotonic()
        turnTime = time
        return time
    }

    /// Forgets the time of the last turn: each callback from libevent calls this first.
    func beginTurn() {
        turnTime = nil
    }

    /// Runs `body` soon on the loop, after what was handed over before. From any thread.
    package func execute(_ body: @escaping @Sendable () -> Void) {
        add(.body(body))
    }

    private func add(_ job: Job) {
        let (mustWake, isLate) = inbox.withLock { inbox in
            if inbox.isEnded { return (false, true) }
            inbox.jobs.append(job)
            defer { inbox.isWoken = true }
            return (!inbox.isWoken, false)
        }
        if isLate, case .swift(let job) = job { runLate(job) }
        if mustWake, let wakeEvent { event_active(wakeEvent, CInt(EV_WRITE), 0) }
    }

    /// Runs the jobs handed over; those that come meanwhile wait for the next turn, so that sockets are not starved.
    fileprivate func takeJobs() {
        beginTurn()
        let jobs = inbox.withLock { inbox in
            defer { inbox.jobs = [] }
            inbox.isWoken = false
            return inbox.jobs
        }
        for job in jobs {
            switch job {
            case .swift(let job):
                job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            case .body(let body): body()
            }
        }
    }
}

extension EventLoop {
    package func enqueue(_ job: consuming ExecutorJob) {
        add(.swift(UnownedJob(job)))
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    package func checkIsolated() {
        precondition(isOnLoop, "not on loop \(name)")
    }

    package func isIsolatingCurrentContext() -> Bool? { isOnLoop }
}

/// Runs the loop's inbox; `context` is the loop, which outlives its wake event.
private func wakeCallback(_ descriptor: CInt, _ what: CShort, _ context: UnsafeMutableRawPointer?) {
    guard let context else { return }
    Unmanaged<EventLoop>.fromOpaque(context).takeUnretainedValue().takeJobs()
}

/// The body of a loop's thread; `context` is the loop, retained for as long as the thread runs.
private func threadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let loop = Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue()
    pthread_setname_np(pthread_self(), String(decoding: loop.name.utf8.prefix(15), as: UTF8.self))
    loop.run()
    return nil
}

/// A libevent operation that failed.
package struct EventLoopError: Error, Sendable, CustomStringConvertible {
    /// The operation, such as `event_base_new`.
    package let operation: String
    /// errno when the operation failed; 0 where it means nothing.
    package let errno: SystemErrno

    package var description: String {
        errno.value == 0 ? "\(operation) failed" : "\(operation) failed: \(errno)"
    }
}
