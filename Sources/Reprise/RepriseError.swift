/// Why Reprise does not start, or keeps its old configuration; the text is for the operator.
///
/// ```swift
/// do {
///     try await server.reload()
/// } catch .faults(let lines) {
///     for line in lines { print(line) }  // reprise.yaml:7:5: listeners.web.bind: …
/// } catch {
///     print("\(error)", error.isWorthRetrying ? "(later, perhaps)" : "")
/// }
/// ```
public enum RepriseError: Error, Sendable {
    /// The configuration has faults: one line each, `file:line:column: path: …`.
    case faults([String])
    /// The configuration file cannot be read.
    case unreadable(file: String, reason: String)
    /// The configuration is good, but the system refuses: a port in use, no permission.
    case cannotStart(String)
    /// A ``Server`` was asked for what it cannot do where it is in its life: to start twice, to reload while it drains.
    case notNow(Server.State)
}

extension RepriseError {
    /// Whether the same call can succeed later, with nothing changed in the files: the system may have room again, or a
    /// port be free. It is always ours: neither a client nor an upstream makes Reprise not start.
    public var isWorthRetrying: Bool { if case .cannotStart = self { true } else { false } }
}

extension RepriseError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .faults(let lines): lines.joined(separator: "\n")
        case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
        case .cannotStart(let reason): reason
        case .notNow(let state): "the server is \(state.rawValue): it cannot do that now"
        }
    }
}
