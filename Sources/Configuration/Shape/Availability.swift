/// Whether this version acts on an option. It never silently ignores an option: a value that would change protection or
/// protocol is a fault, one that would only tune is a warning, and one that states what happens anyway is fine.
enum Availability: Sendable {
    case inForce
    /// A fault, except for the values that are in force anyway.
    case fault(unless: Set<String>)
    case warning(unless: Set<String>)

    /// The verdict on a value.
    enum Answer: Equatable {
        case inForce
        case fault(String)
        case warning(String)
    }

    /// - Parameter value: the scalar's text; `nil` for a mapping or a list that is not empty.
    func answer(_ value: String?) -> Answer {
        let written = value.map { " \"\($0.shortened)\"" } ?? ""
        switch self {
        case .fault(let allowed) where !(value.map(allowed.contains) ?? false):
            return .fault("the value\(written) is not available in this version")
        case .warning(let allowed) where !(value.map(allowed.contains) ?? false):
            return .warning("has no effect in this version")
        case .inForce, .fault, .warning: return .inForce
        }
    }

    /// Whether this version ignores the option at any value.
    var isPending: Bool { if case .inForce = self { false } else { true } }
}
