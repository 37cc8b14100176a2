/// How much more than its share of a group's connections a server may have.
package enum LoadBound: Sendable, Hashable, CustomStringConvertible {
    /// Any number.
    case unlimited
    /// That many times its share, at least 1: the connections of the group divided by weight.
    case share(Double)

    /// `unlimited`, or the shortest decimal number.
    package var description: String {
        switch self {
        case .unlimited: "unlimited"
        case .share(let share): "\(share)".hasSuffix(".0") ? String("\(share)".dropLast(2)) : "\(share)"
        }
    }
}
