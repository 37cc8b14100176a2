/// How many connections begin in a second: always the same, or more and more.
///
/// The start of connection *n* is a function of *n*: a server that is slow moves none of them.
package struct LoadRate: Sendable, Hashable {
    /// In a second, at the beginning and after ``ramp``.
    package let from: Double
    package let to: Double
    /// How long it takes to get from one to the other; zero where they are the same.
    package let ramp: Duration
    /// In how many steps it gets there; 0 for a straight line.
    package let steps: Int

    /// The most steps that are taken.
    package static let mostSteps = 1000

    /// The lowest that is taken: one in a quarter of an hour.
    package static let lowest = 0.001
    /// The highest that is taken: more than a machine can begin.
    package static let highest = 10_000_000.0

    /// Always the same.
    package init(_ rate: Double) {
        (from, to, ramp, steps) = (rate, rate, .zero, 0)
    }

    /// Reads `2000/s`, `100..5000/s over 60s` or `100..5000/s over 60s in 10 steps`.
    package init(parsing text: String) throws(ParseFault) {
        var scanner = Scanner(text)
        from = try Self.rate(&scanner)
        guard scanner.take("..") else {
            (to, ramp, steps) = (from, .zero, 0)
            try Self.end(&scanner)
            return
        }
        to = try Self.rate(&scanner)
        try scanner.expect("/s", "\"/s\" behind the rates")
        scanner.skipSpaces()
        try scanner.expect("over", "\"over\" and how long it takes, as in 100..5000/s over 60s")
        scanner.skipSpaces()
        ramp = try scanner.duration("how long it takes")
        guard ramp > .zero else { throw scanner.fault("expected more than no time") }
        scanner.skipSpaces()
        guard !scanner.isAtEnd else {
            steps = 0
            return
        }
        steps = try Self.steps(&scanner)
        guard scanner.isAtEnd else { throw scanner.fault("expected nothing more") }
    }

    private static func steps(_ scanner: inout Scanner) throws(ParseFault) -> Int {
        try scanner.expect("in ", "nothing more, or \"in\" and a number of steps")
        let start = scanner
        let number = try scanner.number("a number of steps")
        guard number >= 2, number <= Double(mostSteps), number == number.rounded() else {
            throw start.fault("expected a whole number from 2 to \(mostSteps)")
        }
        scanner.skipSpaces()
        try scanner.expect("steps", "\"steps\"")
        return Int(number)
    }

    private static func rate(_ scanner: inout Scanner) throws(ParseFault) -> Double {
        let start = scanner
        let rate = try scanner.number("a number of connections, as in 2000/s")
        guard rate >= lowest, rate <= highest else {
            throw start.fault("expected at least \(lowest) and at most \(Int(highest))")
        }
        return rate
    }

    private static func end(_ scanner: inout Scanner) throws(ParseFault) {
        try scanner.expect("/s", "\"/s\" behind the rate")
        guard scanner.isAtEnd else { throw scanner.fault("expected nothing more") }
    }

    /// When a connection begins, after the run's beginning.
    ///
    /// - Parameter number: its number from 0; with a fraction for the time between two.
    package func start(of number: Double) -> Duration {
        let seconds = ramp.seconds
        guard seconds > 0 else { return .fromSeconds(number / from) }
        guard steps == 0 else { return stepped(number, seconds / Double(steps)) }
        // So many begin while it rises: the area below the line.
        let rising = (from + to) / 2 * seconds
        guard number < rising else { return .fromSeconds(seconds + (number - rising) / to) }
        // from·t + (to − from)·t²/2·seconds = number, solved for t in a way that stands a difference of nearly nothing.
        let slope = (to - from) / seconds
        return .fromSeconds(2 * number / (from + (from * from + 2 * slope * number).squareRoot()))
    }
}

extension LoadRate {
    /// - Parameter length: of a step, in seconds. The first is at ``from``, the last at ``to``, which stays.
    private func stepped(_ number: Double, _ length: Double) -> Duration {
        var (left, began) = (number, 0.0)
        for step in 0..<steps {
            let rate = from + (to - from) * Double(step) / Double(steps - 1)
            if left < rate * length || step == steps - 1 { return .fromSeconds(began + left / rate) }
            left -= rate * length
            began += length
        }
        return .fromSeconds(began)
    }
}

/// Rates one after the other; the last one stays.
///
/// ```swift
/// // A fleet, an outage of its server, and how it comes back.
/// let profile = LoadProfile([try LoadRate(parsing: "100..100/s over 10s"), try LoadRate(parsing: "2000..100/s over 5s")])
/// ```
package struct LoadProfile: Sendable, Hashable {
    package let rates: [LoadRate]

    /// - Parameter rates: at least one; all but the last have a time.
    package init(_ rates: [LoadRate]) {
        precondition(!rates.isEmpty, "a profile of no rate")
        self.rates = rates
    }

    /// Always the same.
    package init(_ rate: LoadRate) {
        rates = [rate]
    }

    /// When a connection begins, after the run's beginning.
    func start(of number: Double) -> Duration {
        var (left, began) = (number, Duration.zero)
        for rate in rates.dropLast() {
            if left < rate.connections { return began + rate.start(of: left) }
            left -= rate.connections
            began += rate.ramp
        }
        return began + rates[rates.count - 1].start(of: left)
    }
}

extension LoadRate {
    /// How many begin in its time.
    var connections: Double { (from + to) / 2 * ramp.seconds }
}

/// When connections begin that come by themselves, whatever the server does.
package struct LoadSchedule: Sendable {
    /// How they come.
    package enum Arrivals: Sendable, Hashable, CaseIterable {
        /// One after the other in the same distance.
        case constant
        /// By chance, as people do who know nothing of each other.
        case poisson

        /// Reads its name.
        package init(parsing text: String) throws(ParseFault) {
            guard let found = Self.allCases.first(where: { "\($0)" == text }) else {
                throw ParseFault(text, at: 0, "expected one of constant, poisson")
            }
            self = found
        }
    }

    private let profile: LoadProfile
    private let arrivals: Arrivals
    private var random: SeededRandom
    private var number = 0.0

    package init(_ profile: LoadProfile, _ arrivals: Arrivals, seed: UInt64) {
        (self.profile, self.arrivals) = (profile, arrivals)
        random = SeededRandom(seed)
    }

    /// When the next one begins, after the run's beginning.
    package mutating func next() -> Duration {
        switch arrivals {
        case .constant:
            defer { number += 1 }
            return profile.start(of: number)
        case .poisson:
            // Distances of a Poisson process are exponential.
            number += -log(1 - random.fraction())
            return profile.start(of: number)
        }
    }
}
