/// Options that the file may have but this version does not act on yet. What is in force is never silently nothing:
/// a value that would change protection or protocol is a fault, one that would only tune is a warning, and one that
/// says what happens anyway is fine.
enum Availability {
    /// The options by their path without indices, with the values that are in force anyway.
    private static let faults: [String: Set<String>] = [
        "listeners.mode": ["tcp"],
        "listeners.proxy_protocol": ["off"],
        "routers": [],
        "upstreams.tls": [],
    ]

    private static let warnings: [String: Set<String>] = [
        "sessions.store_deadline": [], "listeners.sessions.store_deadline": [],
        "upstreams.balance": ["round_robin"], "upstreams.affinity": ["none"],
        "upstreams.affinity_max_load": ["unlimited"], "upstreams.health": [], "upstreams.retries": [],
    ]

    /// What to say about a value at a path.
    enum Answer: Equatable {
        case inForce
        case fault(String)
        case warning(String)
    }

    /// - Parameter value: the scalar's text; `nil` for a mapping or a list that is not empty.
    static func answer(_ path: String, _ value: String?) -> Answer {
        let key = withoutIndices(path)
        let written = value.map { " \"\($0.shortened)\"" } ?? ""
        if let allowed = faults[key], !(value.map(allowed.contains) ?? false) {
            return .fault("the value\(written) is not available in this version")
        }
        if let allowed = warnings[key], !(value.map(allowed.contains) ?? false) {
            return .warning("has no effect in this version")
        }
        return .inForce
    }

    /// Whether a key is one that this version does not act on, whatever its value.
    static func isPending(_ path: String) -> Bool {
        let key = withoutIndices(path)
        return faults[key] != nil || warnings[key] != nil
    }

    private static func withoutIndices(_ path: String) -> String {
        path.replacing(/\[[0-9]+\]/, with: "")
    }
}
