package import RepriseEventLoop
internal import RepriseTLS
package import RepriseVocabulary

/// A load test: clients on several loops, for a time.
package final class LoadRun: Sendable {
    /// A start is late when its loop is so far behind: then this machine is the limit, not the server.
    package static let lateAfter = Duration.milliseconds(5)
    /// How long a client rests whose connection came to nothing: a port that refuses is not to be flooded.
    package static let rest = Duration.milliseconds(10)
    /// How long connections that are under way at the run's end may go on.
    package static let grace = Duration.seconds(1)
    /// How many starts are counted at the end that a loop did not get to: more say no more.
    static let mostLeftOut = 1_000_000
    /// How many connections begin before the loop looks at those under way again.
    static let startsInTurn = 32

    private let threads: [LoadThread]

    /// How many threads there are: never more than clients.
    package var threadCount: Int { threads.count }

    /// Makes the contexts and loops.
    ///
    /// - Parameter sink: gets what each thread has measured, on its loop: whenever ``collect()`` asks for it, and in the end.
    ///   Without one it stays for ``wait()``.
    /// - Throws: ``ClientError`` for settings that libssl refuses, ``EventLoopError`` where the system has no descriptors.
    package init(_ plan: LoadPlan, _ sink: (@Sendable (Int, LoadSlice) -> Void)? = nil) throws {
        let contexts = try plan.contexts()
        var plan = plan
        // A thread without a client would have nothing to do.
        plan.threads = max(1, min(plan.threads, plan.clients))
        plan.errand.waitsForSession = plan.handshake.parts.contains { $0.kind == .psk }
        threads = try (0..<plan.threads).map { try LoadThread(plan, contexts, index: $0, sink) }
    }

    /// Begins; ``wait()`` must follow.
    ///
    /// - Throws: when the system has too few threads; then nothing goes on.
    /// - Returns: when it has begun.
    @discardableResult
    package func start() throws(EventLoopError) -> Instant {
        let began = Clocks.monotonic()
        for (index, thread) in threads.enumerated() {
            do throws(EventLoopError) {
                try thread.loop.start()
            } catch {
                for thread in threads[..<index] { thread.loop.stop() }
                for thread in threads[..<index] { thread.loop.join() }
                throw error
            }
            thread.loop.execute { thread.begin(at: began) }
        }
        return began
    }

    /// Asks each thread for what it has measured since the last time; one that has ended has said so before.
    package func collect() {
        for thread in threads { thread.loop.execute { thread.handOver() } }
    }

    /// Has connections of an open loop begin at another rate from now on.
    package func change(to rate: LoadProfile) {
        let now = Clocks.monotonic()
        for thread in threads { thread.loop.execute { thread.change(to: rate, at: now) } }
    }

    /// Ends it before its time, from any thread: no connection begins any more.
    package func stop() {
        for thread in threads { thread.loop.execute { thread.stop() } }
    }

    /// Waits for its end.
    ///
    /// - Returns: what all threads have measured, and not handed over.
    package func wait() -> Measurements {
        var measured = Measurements()
        for thread in threads {
            thread.loop.join()
            measured.merge(thread.desk.measured)
        }
        return measured
    }
}

/// What one thread has measured since it was last asked, and how it is.
package struct LoadSlice: Sendable {
    package var measured: Measurements
    /// Connections under way.
    package var open: Int
    /// How long the thread has been on a CPU since it began.
    package var cpu: Duration
    /// Where its connections come from, beyond the system's choice.
    package var sources: [IPAddress]
    /// Whether the thread has ended.
    package var isLast: Bool
}
