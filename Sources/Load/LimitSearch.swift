/// Looks for the highest rate at which a condition holds: first ever twice the rate, then between the last that held and
/// the first that did not. Pure: what a step came to goes in, what to do next comes out.
package struct LimitSearch: Sendable {
    /// The most rates that are tried.
    package static let steps = 24
    /// It ends when the two rates are as close as that.
    package static let precision = 1.04
    /// A server that holds lets no more than such a share of connections fail.
    static let failures = 0.001
    /// Connections that may miss at slow rates, whose seconds do not end where those of the clock do.
    static let slack = 2.0
    /// A server follows when so many of the connections that were due have finished their handshake in the same time.
    static let followed = 0.95

    /// What to do.
    package enum Next: Sendable, Hashable {
        case attempt(Double)
        /// The highest rate that held; 0 where none did.
        case found(Double)
    }

    /// The highest rate that has held so far; 0 for none.
    package private(set) var held = 0.0
    private var failed: Double?
    private var tried = 0
    /// The slowest rate at which anything is measured in a step.
    private let lowest: Double

    package init(lowest: Double) {
        self.lowest = lowest
    }

    /// What a step at that rate came to.
    package mutating func took(_ rate: Double, holds: Bool) -> Next {
        tried += 1
        if holds { held = max(held, rate) } else { failed = min(failed ?? rate, rate) }
        guard tried < Self.steps else { return .found(held) }
        guard let failed else {
            return rate * 2 > LoadRate.highest ? .found(held) : .attempt(rate * 2)
        }
        guard held > 0 else { return failed / 2 < lowest ? .found(0) : .attempt(failed / 2) }
        return failed / held <= Self.precision ? .found(held) : .attempt((held * failed).squareRoot())
    }
}
