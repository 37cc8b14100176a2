/// Why Reprise does not start or goes on with what it has; the text is for the operator.
public enum RepriseError: Error, Sendable {
    /// The configuration has faults: one line each, `file:line:column: path: …`.
    case faults([String])
    /// The configuration file cannot be read.
    case unreadable(file: String, reason: String)
    /// The configuration is good, but the system says no: a port in use, no permission.
    case cannotStart(String)
}

extension RepriseError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .faults(let lines): lines.joined(separator: "\n")
        case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
        case .cannotStart(let reason): reason
        }
    }
}
