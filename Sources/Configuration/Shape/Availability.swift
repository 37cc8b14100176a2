/// Whether this version acts on an option. It never silently ignores an option: a value that would change protection or
/// protocol is a fault, one that would only tune is a warning, and one that states what happens anyway is fine.
enum Availability: Sendable {
    case inForce
    /// A fault, except for the values that are in force anyway.
    case fault(unless: Set<String>)
    case warning(unless: Set<String>)

    /// What becomes of a value.
    enum Answer: Equatable {
        case inForce
        case fault(String)
        case warning(String)
    }

    /// - Parameters:
    ///   - value: the scalar's text; `nil` for a mapping or a list that is not empty.
    ///   - kind: what it is, in words: `a mapping`.
    func answer(_ value: String?, _ kind: String) -> Answer {
        switch self {
        case .fault(let allowed) where !(value.map(allowed.contains) ?? false):
            guard !allowed.isEmpty else { return .fault("is not available in this version") }
            let written = value.map { "\"\($0.shortened)\"" } ?? kind
            let known = allowed.sorted().map { "\"\($0)\"" }.joined(separator: ", ")
            return .fault("\(written) is not available in this version, only \(known)")
        case .warning(let allowed) where !(value.map(allowed.contains) ?? false):
            return .warning("has no effect in this version")
        case .inForce, .fault, .warning: return .inForce
        }
    }

    /// Whether this version ignores the option at any value.
    var isPending: Bool { if case .inForce = self { false } else { true } }
}
