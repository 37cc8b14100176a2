internal import RepriseEventLoop
internal import RepriseTLS
internal import RepriseVocabulary

/// Directs a run from its first second to its report: gathers what its threads measure, second by second, runs the user's
/// commands at their time, looks for the limit, and ends in order when somebody interrupts.
///
/// ``perform()`` runs its loop on the calling thread; all else happens on that loop.
// @unchecked: confined to `front`, which runs on one thread.
package final class LoadConductor: @unchecked Sendable {
    /// How many seconds a report has; those of a longer run are joined in pairs again and again.
    package static let seconds = 3600
    /// Between two looks at what was measured.
    static let tick = Duration.seconds(1)

    /// What has happened in a second, for whoever watches.
    package struct News: Sendable {
        package let second: LoadReport.Second
        /// How long the second was, in seconds.
        package let length: Double
        /// The run so far.
        package let total: Measurements
        package let elapsed: Duration
        /// The rate that a search is trying.
        package let attempt: Double?
    }

    private let plan: LoadPlan
    private let script: LoadScript
    private let front: EventLoop
    private let onNews: (News) -> Void
    private var run: LoadRun?
    private var began = Instant(nanoseconds: 0)
    private var total = Measurements()
    private var honesty = LoadHonesty()
    private var report = LoadReport()
    private var events: [(command: ShellCommand, index: Int)] = []
    private var timers: [LoopEvent] = []

    /// What has come of the second under way, of the threads that have answered.
    private var part = Measurements()
    private var partBegan = Instant(nanoseconds: 0)
    /// Threads whose answer is not there yet, and those that have not ended.
    private var pending: Set<Int> = []
    private var live: Set<Int> = []
    private var slices: [Int: LoadSlice] = [:]
    private var cpuBefore: [Int: Duration] = [:]
    private var ticker: LoopEvent?
    private var ticks = 0
    /// How many looks make one second of the report.
    private var ticksInSecond = 1
    private var search: SearchStep?
    /// What a search has measured at rates that held, and those that did not where the generator was late.
    private var sound = Measurements()
    private var lateAttempts: [Double] = []
    private var ended: LoadReport.Ended?

    /// A rate that is being tried.
    private struct SearchStep {
        var search: LimitSearch
        var rate: Double
        /// Seconds that do not count yet: what came before has to end first.
        var settling: Int
        var measured = Measurements()
        var length = Duration.zero
    }

    /// - Parameter onNews: is called on the loop of ``perform()`` at the end of each second.
    /// - Throws: where the system has no descriptors left.
    package init(
        _ plan: LoadPlan, _ script: LoadScript = LoadScript(), onNews: @escaping (News) -> Void = { _ in }
    ) throws(LoadFault) {
        (self.plan, self.script, self.onNews) = (plan, script, onNews)
        ProcessSignals.ignoreBrokenPipes()
        // Each connection takes one.
        Descriptors.limit(raising: true)
        do throws(EventLoopError) {
            front = try EventLoop(name: "load-front")
        } catch {
            throw LoadFault(.system, "\(error)")
        }
    }

    /// Runs it, and waits for its end; once.
    ///
    /// SIGINT, SIGTERM and SIGHUP end it with the report so far; a second one does not wait for connections under way.
    /// - Throws: where libssl refuses the settings, or the system lacks descriptors or threads.
    package func perform() throws(LoadFault) -> LoadReport {
        do {
            return try performed()
        } catch {
            throw LoadFault(.system, "\(error)")
        }
    }

    private func performed() throws -> LoadReport {
        // Retained by the loop until it ends.
        let run = try LoadRun(plan) { [self] index, slice in front.execute { [self] in took(index, slice) } }
        self.run = run
        live = Set(0..<run.threadCount)
        began = try run.start()
        partBegan = began
        report.began = "\(Clocks.wall())"
        let ticker = LoopEvent.timer(on: front) { [self] in look() }
        self.ticker = ticker
        ticker.schedule(after: Self.tick)
        let signals = [ProcessSignals.interrupt, ProcessSignals.terminate, ProcessSignals.hangUp]
        for signal in signals {
            let event = LoopEvent(.signal(signal), on: front) { [self] _ in interrupt() }
            timers.append(event)
            try event.start()
        }
        ProcessSignals.unblock(signals)
        prepareEvents()
        if let condition = script.search { beginSearch(condition, run) }
        front.run()
        _ = run.wait()
        self.run = nil
        return report
    }

    /// Ends it with what there is; on the loop.
    private func interrupt() {
        ended = .byInterrupt
        run?.stop()
    }

    private func prepareEvents() {
        for (index, event) in script.events.enumerated() {
            report.events.append(.init(at: event.at.seconds, command: event.command, status: nil))
            let timer = LoopEvent.timer(on: front) { [self] in
                guard ended == nil else { return }
                report.events[index].at = (Clocks.monotonic() - began).seconds
                events.append((ShellCommand(event.command), index))
            }
            timer.schedule(after: event.at)
            timers.append(timer)
        }
    }

    // MARK: Seconds

    private func look() {
        ticks += 1
        ticker?.schedule(after: (began + Self.tick * (ticks + 1)) - Clocks.monotonic())
        // A thread that has not answered in a second will.
        guard pending.isEmpty, ticks.isMultiple(of: ticksInSecond) else { return }
        pending = live
        run?.collect()
    }

    private func took(_ index: Int, _ slice: LoadSlice) {
        part.merge(slice.measured)
        slices[index] = slice
        if slice.isLast { live.remove(index) }
        let wasPending = pending.remove(index) != nil
        if live.isEmpty {
            endSecond()
            finish()
        } else if wasPending, pending.isEmpty {
            endSecond()
        }
    }

    private func endSecond() {
        let now = Clocks.monotonic()
        let length = max(.nanoseconds(1), now - partBegan)
        let busy = slices.map { ($0.value.cpu - (cpuBefore[$0.key] ?? .zero)).seconds / length.seconds }.max() ?? 0
        let open = slices.values.reduce(0) { $0 + $1.open }
        part.countTimes()
        var second = LoadReport.Second(part, at: now - began, open: open, busy: min(1, busy))
        cpuBefore = slices.mapValues(\.cpu)
        // What is left of a run at its end is too short to have a rate of its own.
        let isTail = length < Self.tick / 2 && live.isEmpty && !report.seconds.isEmpty
        if isTail { second = report.seconds.removeLast().joined(with: second) }
        report.seconds.append(second)
        total.merge(part)
        if !live.isEmpty { searchOn(length) }
        (part, partBegan) = (Measurements(), now)
        for index in events.indices { events[index].command.look() }
        if isTail { return }
        onNews(
            News(
                second: second, length: length.seconds, total: total, elapsed: now - began, attempt: search?.rate))
        if report.seconds.count >= Self.seconds {
            report.seconds = LoadReport.Second.joiningPairs(report.seconds)
            ticksInSecond *= 2
        }
    }

    // MARK: The limit

    private func beginSearch(_ condition: LoadAssertion, _ run: LoadRun) {
        guard case .open(let rate, _) = plan.pace else { return }
        report.limit = .init()
        report.limit?.condition = condition.description
        let lowest = 1 / script.step.seconds
        search = SearchStep(search: LimitSearch(lowest: lowest), rate: rate.rates[0].from, settling: 1)
    }

    /// Judges the rate under way when it has been measured for long enough.
    private func searchOn(_ length: Duration) {
        guard var step = search, let condition = script.search, ended == nil else { return }
        defer { search = step }
        guard step.settling <= 0 else {
            step.settling -= 1
            return
        }
        step.measured.merge(part)
        step.length += length
        guard step.length + Self.tick / 2 >= script.step else { return }
        step.measured.elapsed = step.length
        let isLate = Double(step.measured.lateStarts) > Double(step.measured.started) * LoadHonesty.lateStarts
        let done = Double(step.measured.done) / step.length.seconds
        let expected = step.rate * step.length.seconds * LimitSearch.followed - LimitSearch.slack
        // By handshakes: how long connections live after theirs says nothing of the rate.
        let ready = HandshakeKind.allCases.reduce(0) { $0 + step.measured.handshakes($1) }
        let isWhole = Double(step.measured.failed) <= Double(step.measured.started) * LimitSearch.failures
        let follows = Double(ready) >= expected && step.measured.skippedStarts == 0 && isWhole
        let holds = follows && step.measured.reaches(condition)
        report.limit?.steps.append(
            .init(rate: step.rate, done: done, found: step.measured.value(of: condition.value), holds: holds))
        if holds {
            sound.merge(step.measured)
        } else if isLate {
            lateAttempts.append(step.rate)
        }
        switch step.search.took(step.rate, holds: holds) {
        case .found:
            ended = .bySearch
            run?.stop()
        case .attempt(let rate):
            // After one that was too much, what it has left over has to go first.
            (step.rate, step.settling) = (rate, holds ? 1 : 2)
            (step.measured, step.length) = (Measurements(), .zero)
            run?.change(to: LoadProfile(LoadRate(rate)))
        }
    }

    // MARK: The end

    private func finish() {
        for timer in timers { timer.close() }
        timers = []
        ticker?.close()
        let now = Clocks.monotonic()
        for index in events.indices {
            events[index].command.look()
            report.events[events[index].index].status = events[index].command.status
            events[index].command.end()
        }
        // Those that never began are no part of the run.
        let begun = Set(events.map(\.index))
        report.events = report.events.enumerated().filter { begun.contains($0.offset) }.map(\.element)
        report.limit?.rate = search?.search.held ?? 0
        report.ended = ended ?? (total.started >= plan.connections ? .byCount : .byTime)
        report.seed = plan.seed
        report.take(total)
        report.assertions = script.assertions.map { report.verdict(on: $0) }
        describeGenerator(until: now)
        front.stop()
    }

    private func describeGenerator(until now: Instant) {
        let length = max(0.001, (now - began).seconds)
        report.environment = .here
        report.generator.threads = slices.count
        report.generator.busy = slices.sorted { $0.key < $1.key }.map { min(1, $0.value.cpu.seconds / length) }
        let sources = Set(slices.values.flatMap(\.sources))
        report.generator.sources = sources.map { "\($0)" }.sorted()
        report.generator.residentBytes = ProcessUsage.current?.residentBytes ?? 0
        // A search goes where starts must be late.
        report.generator.limits = LoadHonesty.limits(
            search == nil ? total : sound, busy: report.generator.busy,
            machine: length >= LoadHonesty.leastSeconds ? honesty.machineBusy : nil,
            sources: plan.errand.sources.isEmpty ? sources.count : 0)
        if let rate = lateAttempts.min() {
            report.generator.limits.append(LoadHonesty.lateSearch(rate))
        }
    }
}
