internal import Histogram
package import RepriseVocabulary

/// What a run, or one thread of it, has measured. Each thread has its own, and they are merged when it ends.
package struct Measurements: Sendable {
    /// The longest time that is told from longer ones, in microseconds: an hour.
    package static let longestMicroseconds: UInt32 = 3_600_000_000
    /// The percentiles that a report has.
    package static let percentiles = [50, 75, 90, 99, 99.9, 99.99]

    /// How many sessions were offered, and what the server made of them.
    package struct Offers: Sendable, Hashable {
        package var offered = 0
        package var accepted = 0
        /// The server made a full handshake instead; a connection that came to nothing is neither.
        package var refused = 0

        package init(offered: Int = 0, accepted: Int = 0, refused: Int = 0) {
            (self.offered, self.accepted, self.refused) = (offered, accepted, refused)
        }

        mutating func add(_ other: Offers) {
            offered += other.offered
            accepted += other.accepted
            refused += other.refused
        }
    }

    /// Connections that began, and those of them that ended as they should.
    package private(set) var started = 0
    package private(set) var done = 0
    private var failures: [LoadFailure: Int] = [:]
    /// Handshakes that were finished, by what came of them.
    private var finished = PerCase<HandshakeKind, Int>(0)
    private var offered = PerCase<LoadOffer, Offers>(Offers())
    /// Connections that were to resume and had no session to offer.
    package private(set) var withoutSession = 0
    /// Sessions that the server has given.
    package private(set) var sessionsReceived = 0
    package private(set) var requests = 0
    /// Answers by the class of their status, from 1xx on.
    package private(set) var answers = [Int](repeating: 0, count: 5)
    /// Plaintext that was sent and received.
    package private(set) var bytesUp: UInt64 = 0
    package private(set) var bytesDown: UInt64 = 0
    /// Starts later than ``LoadRun/lateAfter`` behind their time.
    package private(set) var lateStarts = 0
    /// Starts that were due, and that a bound on connections at once has left out, or a loop that did not get to them.
    package private(set) var skippedStarts = 0
    /// Connections that were under way when the run ended.
    package private(set) var unfinished = 0
    /// How long the run took; the longest of those that were merged.
    package var elapsed = Duration.zero

    private var times = PerCase<Measure, RecordedSpans>(RecordedSpans())

    package init() {}

    // MARK: Recording

    /// Adds a time; one longer than an hour counts as an hour.
    package mutating func record(_ measure: Measure, since start: Instant, until end: Instant) {
        let nanoseconds = end > start ? end.nanoseconds - start.nanoseconds : 0
        let microseconds = min(nanoseconds / 1000, UInt64(Self.longestMicroseconds))
        times[measure].add(UInt32(truncatingIfNeeded: microseconds))
    }

    /// Counts all times that were recorded, so that reading them is cheap.
    package mutating func countTimes() {
        for measure in Measure.allCases { times[measure].countAll() }
    }

    /// Counts a connection that begins.
    package mutating func start(isLate: Bool = false) {
        started += 1
        if isLate { lateStarts += 1 }
    }

    /// Counts a start that is left out.
    package mutating func skip() { skippedStarts += 1 }

    /// Counts connections that the run's end has cut off.
    package mutating func cutOff(_ count: Int) { unfinished += count }

    /// Counts a connection's end; `nil` where all was done.
    package mutating func end(_ failure: LoadFailure?) {
        if let failure { failures[failure, default: 0] += 1 } else { done += 1 }
    }

    /// Counts a connection that should resume and cannot.
    package mutating func hadNoSession() { withoutSession += 1 }

    /// Counts a session that goes out in a ClientHello.
    package mutating func offered(_ offer: LoadOffer) { offered[offer].offered += 1 }

    /// Counts a finished handshake.
    ///
    /// - Parameters:
    ///   - kind: what came of it.
    ///   - offer: the session that it offered.
    package mutating func handshake(_ kind: HandshakeKind, _ offer: LoadOffer?) {
        finished[kind] += 1
        guard let offer else { return }
        if kind == .full {
            offered[offer].refused += 1
        } else {
            offered[offer].accepted += 1
        }
    }

    /// Counts what a handshake, and what has come behind it, has brought.
    package mutating func received(sessions: Int) { sessionsReceived += sessions }
    /// Counts a request that was answered in full.
    ///
    /// - Parameter status: 100 to 599.
    package mutating func answered(_ status: Int) {
        requests += 1
        answers[min(max(status / 100, 1), 5) - 1] += 1
    }
    /// Counts plaintext.
    package mutating func sent(_ bytes: Int) { bytesUp += UInt64(bytes) }
    /// Counts plaintext.
    package mutating func received(_ bytes: Int) { bytesDown += UInt64(bytes) }

    /// Adds what another thread has measured.
    package mutating func merge(_ other: Measurements) {
        started += other.started
        done += other.done
        failures.merge(other.failures, uniquingKeysWith: +)
        for kind in HandshakeKind.allCases { finished[kind] += other.finished[kind] }
        for offer in LoadOffer.allCases { offered[offer].add(other.offered[offer]) }
        withoutSession += other.withoutSession
        sessionsReceived += other.sessionsReceived
        requests += other.requests
        for index in answers.indices { answers[index] += other.answers[index] }
        bytesUp += other.bytesUp
        bytesDown += other.bytesDown
        lateStarts += other.lateStarts
        skippedStarts += other.skippedStarts
        unfinished += other.unfinished
        elapsed = max(elapsed, other.elapsed)
        for measure in Measure.allCases { times[measure].merge(other.times[measure]) }
    }

    // MARK: Reading

    /// Those that came to nothing for that reason.
    package func failed(by failure: LoadFailure) -> Int { failures[failure] ?? 0 }
    /// All that came to nothing.
    package var failed: Int { failures.values.reduce(0, +) }
    /// Handshakes that were finished and came to that.
    package func handshakes(_ kind: HandshakeKind) -> Int { finished[kind] }

    /// Those offers that there were.
    package var offersMade: [LoadOffer: Offers] {
        var made: [LoadOffer: Offers] = [:]
        for offer in LoadOffer.allCases where offered[offer].offered > 0 { made[offer] = offered[offer] }
        return made
    }

    /// The offers of a kind, of those from a kind of ending, or of all.
    package func offers(_ kind: OfferedKind? = nil, from origin: CloseKind? = nil) -> Offers {
        var sum = Offers()
        for (offer, part) in offersMade
        where (kind == nil || offer.kind == kind) && (origin == nil || offer.origin == origin) {
            sum.add(part)
        }
        return sum
    }

    /// How often a time was measured.
    package func count(of measure: Measure) -> Int { times[measure].count }

    /// What an assertion looks at, times in seconds; `nil` where nothing was measured.
    package func value(of value: LoadAssertion.Value) -> Double? {
        switch value {
        case .percentile(let percent, let measure):
            time(measure) { Double($0.valueAtPercentile(percent)) }
        case .mean(let measure): time(measure) { $0.mean }
        case .longest(let measure): time(measure) { Double($0.maxRecorded) }
        case .figure(let figure): LoadReport.Summary(self).value(of: figure)
        case .resumed(let word): LoadReport.Summary(self).resumed(of: word)
        }
    }

    private func time(_ measure: Measure, _ read: (Histogram<UInt64>) -> Double) -> Double? {
        guard let histogram = times[measure].histogram, histogram.totalCount > 0 else { return nil }
        return read(histogram) / 1_000_000
    }

    /// A time of a measure in microseconds; `nil` where nothing was measured.
    func microseconds(_ value: LoadAssertion.Value) -> UInt64? {
        switch value {
        case .percentile(let percent, let measure): times[measure].percentiles([percent])?.percentiles[0]
        case .longest(let measure): times[measure].percentiles([])?.longest
        case .mean, .figure, .resumed: self.value(of: value).map { UInt64(($0 * 1e6).rounded()) }
        }
    }

    /// The times of several measures together; `nil` where none was measured.
    func spread(_ measures: [Measure]) -> LoadReport.Spread? {
        var spans = RecordedSpans()
        for measure in measures { spans.merge(times[measure]) }
        return spans.percentiles([50, 90, 99]).map { found, longest in
            LoadReport.Spread(p50: found[0], p90: found[1], p99: found[2], max: longest)
        }
    }

    /// Whether the run has reached it. What was never measured reaches nothing: a run that did nothing must not pass.
    package func reaches(_ assertion: LoadAssertion) -> Bool {
        value(of: assertion.value).map(assertion.holds) ?? false
    }

    /// The recorded times of a measure, in microseconds, the shortest first, each with how often it came.
    func recorded(_ measure: Measure) -> [(value: UInt64, count: UInt64)] {
        times[measure].histogram?.recordedValues().map { ($0.value, $0.count) } ?? []
    }
}

extension Measurements: CustomStringConvertible {
    /// The counts, for people.
    package var description: String { "\(LoadReport.Summary(self))" }
}
