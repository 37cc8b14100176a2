package import RepriseVocabulary

/// What is known of one server's health. Events in, changes out; time is a parameter.
package struct ServerCondition: Sendable, Equatable {
    /// What health checks say.
    package enum Check: Sendable, Equatable {
        /// None has answered yet, or none is made. The first answer decides alone.
        case unchecked
        /// - `bad`: answers in a row.
        case up(bad: Int)
        case down(good: Int, reason: String)
    }

    /// What its own connections say.
    package enum Ejection: Sendable, Equatable {
        /// - `times`: how many ejections there were, until it has stayed for as long as the last one took.
        case none(times: Int)
        case ejected(until: Instant, times: Int, reason: ConnectFailure)
        /// Its time is over, and one connect decides whether it comes back.
        case probed(times: Int, reason: ConnectFailure)
    }

    package private(set) var check = Check.unchecked
    package private(set) var ejection = Ejection.none(times: 0)
    /// Whether it has an address; a name may have none yet.
    package private(set) var isResolved = true
    /// An operator has taken it out.
    package private(set) var isDrained = false
    /// What an operator leaves it of its weight, in percent.
    package private(set) var percent = 100
    /// When it came back last.
    package private(set) var upSince: Instant?
    private var failuresInRow = 0
    private var window = Window()

    /// Connects of the current window.
    private struct Window: Sendable, Equatable {
        var begin: Instant?
        var all = 0
        var failed = 0
    }

    package init() {}

    /// The one word for it; what an operator has said comes first.
    package var state: ServerState {
        if isDrained { return .drained }
        if isDown { return .down }
        if case .none = ejection { return .up }
        return .ejected
    }

    var isDown: Bool { if case .down = check { true } else { !isResolved } }
    var isEjected: Bool { if case .none = ejection { false } else { true } }

    // MARK: Its own connections

    /// A connect has succeeded.
    mutating func connected(after time: Duration, at now: Instant, _ rule: EjectionRule, mayEject: Bool) {
        if let most = rule.latency, time > most { return failed(.timeout, at: now, rule, mayEject: mayEject) }
        failuresInRow = 0
        switch ejection {
        case .none(times: 0): break
        case .none(let times):
            let stayed = upSince.map { now - $0 >= max(rule.window, rule.duration(times: times)) } ?? true
            if stayed { ejection = .none(times: 0) }
        // Somebody was sent there although it is ejected, or it comes back: it works.
        case .ejected(_, let times, _), .probed(let times, _): comeBack(times: times, at: now)
        }
        if rule.percent > 0 { count(failed: false, at: now, rule) }
    }

    /// A connect has failed.
    mutating func failed(_ reason: ConnectFailure, at now: Instant, _ rule: EjectionRule, mayEject: Bool) {
        failuresInRow += 1
        count(failed: true, at: now, rule)
        switch ejection {
        case .ejected: break
        case .probed(let times, _): eject(reason, times: times + 1, at: now, rule)
        case .none(let times):
            let isOften = rule.failures > 0 && failuresInRow >= rule.failures
            let isMuch =
                rule.percent > 0 && window.all >= rule.minimum && window.failed * 100 >= rule.percent * window.all
            if mayEject, isOften || isMuch { eject(reason, times: times + 1, at: now, rule) }
        }
    }

    private mutating func eject(_ reason: ConnectFailure, times: Int, at now: Instant, _ rule: EjectionRule) {
        ejection = .ejected(until: now + rule.duration(times: times), times: times, reason: reason)
        window = Window()
    }

    private mutating func comeBack(times: Int, at now: Instant) {
        ejection = .none(times: times)
        upSince = now
        failuresInRow = 0
        window = Window()
    }

    /// The back-off is kept: a server that goes on failing stays out for longer each time.
    private mutating func endEjection(at now: Instant) {
        switch ejection {
        case .none: break
        case .ejected(_, let times, _), .probed(let times, _): comeBack(times: times, at: now)
        }
    }

    private mutating func count(failed: Bool, at now: Instant, _ rule: EjectionRule) {
        if window.begin.map({ now - $0 >= rule.window }) ?? true { window = Window(begin: now) }
        window.all += 1
        if failed { window.failed += 1 }
    }

    /// When its ejection ends and it is to be probed; `nil` where it is not ejected, or is probed now.
    var probeIsDue: Instant? { if case .ejected(let end, _, _) = ejection { end } else { nil } }

    /// Somebody probes it: the result is a ``connected(after:at:_:mayEject:)`` or a ``failed(_:at:_:mayEject:)``.
    mutating func probeBegins() {
        if case .ejected(_, let times, let reason) = ejection { ejection = .probed(times: times, reason: reason) }
    }

    /// Nobody probes it after all, and somebody is to from then on.
    mutating func probeIsAbandoned(until end: Instant) {
        if case .probed(let times, let reason) = ejection {
            ejection = .ejected(until: end, times: times, reason: reason)
        }
    }

    /// Ejects nobody any more.
    mutating func pardon() {
        if isEjected { ejection = .none(times: 0) }
    }

    // MARK: Checks

    /// A health check has answered.
    ///
    /// - Parameters:
    ///   - failure: what is wrong, in words; `nil` when all is well.
    ///   - isAtDoor: it was asked where connections go, so that a good answer ends an ejection like a probe.
    mutating func checked(_ failure: String?, isAtDoor: Bool, at now: Instant, _ rule: CheckRule) {
        switch (check, failure) {
        case (.unchecked, nil): check = .up(bad: 0)
        case (.unchecked, let reason?): check = .down(good: 0, reason: reason)
        case (.up, nil):
            check = .up(bad: 0)
            if isAtDoor { endEjection(at: now) }
        case (.up(let bad), let reason?):
            check = bad + 1 >= rule.fall ? .down(good: 0, reason: reason) : .up(bad: bad + 1)
        case (.down, let reason?): check = .down(good: 0, reason: reason)
        case (.down(let good, _), nil) where good + 1 >= rule.rise:
            check = .up(bad: 0)
            upSince = now
            if isAtDoor { endEjection(at: now) }
        case (.down(let good, let reason), nil): check = .down(good: good + 1, reason: reason)
        }
    }

    /// How many good answers in a row bring it back; `nil` where that is not up to checks.
    func checksToCome(_ rule: CheckRule) -> Int? {
        guard isResolved, case .down(let good, _) = check else { return nil }
        return max(1, rule.rise - good)
    }

    /// No checks are made any more.
    mutating func leaveUnchecked() { check = .unchecked }

    // MARK: Its name

    mutating func setResolved(_ isResolved: Bool) { self.isResolved = isResolved }

    // MARK: The operator

    mutating func setDrained(_ isDrained: Bool, at now: Instant) {
        if self.isDrained, !isDrained { upSince = now }
        self.isDrained = isDrained
    }

    mutating func setPercent(_ percent: Int) { self.percent = percent }

    /// Why it is not up, in words.
    package var reason: String? {
        switch (state, check, ejection) {
        case (.up, _, _): nil
        case (.drained, _, _): "an operator has drained it"
        case _ where !isResolved: "its name has no address yet"
        case (_, .down(_, let reason), _): reason
        case (_, _, .ejected(_, _, let reason)), (_, _, .probed(_, let reason)): "connecting has failed: \(reason.word)"
        default: nil
        }
    }
}
