import RepriseVocabulary

/// How often a ring's key changes, and how long its tickets may live. Its initializer rejects a rotation that does not
/// work.
package struct TicketRotation: Sendable, Hashable {
    /// How long a key seals.
    package let rotate: Duration
    /// How long the tickets that it sealed live.
    package let ticketLifetime: Duration

    package init(rotate: Duration, ticketLifetime: Duration) throws(TicketRotationFault) {
        if let fault = Self.check(rotate: rotate, ticketLifetime: ticketLifetime) { throw fault }
        self.rotate = rotate
        self.ticketLifetime = ticketLifetime
    }

    /// What is wrong with such a rotation; `nil` when it can be used.
    package static func check(rotate: Duration, ticketLifetime: Duration) -> TicketRotationFault? {
        guard rotate >= .seconds(1) else { return .tooFast(rotate) }
        guard ticketLifetime > .zero else { return .noLifetime }
        guard max(rotate, ticketLifetime) <= longest else { return .tooLong(max(rotate, ticketLifetime)) }
        let count = generations(rotate: rotate, ticketLifetime: ticketLifetime)
        return count <= Limits.ticketKeyGenerations ? nil : .tooManyKeys(count)
    }

    /// How many keys live at once: the one that seals, two ahead of it, and those whose tickets still live.
    package var generations: Int { Self.generations(rotate: rotate, ticketLifetime: ticketLifetime) }

    /// Ten years: longer than any ticket, short enough for all arithmetic with it.
    private static let longest: Duration = .seconds(10 * 365 * 86_400)

    private static func generations(rotate: Duration, ticketLifetime: Duration) -> Int {
        let (lifetime, step) = (ticketLifetime.nanosecondsInFull, rotate.nanosecondsInFull)
        return Int((lifetime + step - 1) / step) + 3
    }
}

/// Why a rotation cannot be used.
package enum TicketRotationFault: Error, Sendable, Hashable {
    /// Keys would change more often than every second.
    case tooFast(Duration)
    /// Tickets would not live at all.
    case noLifetime
    /// A key would seal, or a ticket would live, for more than ten years.
    case tooLong(Duration)
    /// That many keys would live at once.
    case tooManyKeys(Int)
}

extension TicketRotationFault: CustomStringConvertible {
    /// What is wrong, and what would be accepted.
    package var description: String {
        switch self {
        case .tooFast(let rotate): "ticket keys would rotate every \(rotate.written); 1s is the least"
        case .noLifetime: "tickets need a lifetime above zero"
        case .tooLong(let duration): "\(duration.written) is too long for a rotation or a lifetime; 3650d is the most"
        case .tooManyKeys(let count):
            "\(count) ticket keys would live at once, and \(Limits.ticketKeyGenerations) may: "
                + "rotate less often, or let tickets live less long"
        }
    }
}
