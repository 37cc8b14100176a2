/// The side that an ending or a failure comes from: it acted, or failed to do what was due.
///
/// ```swift
/// let oursToMend = HandshakeFailure.Kind.allCases.filter { $0.origin == FailureOrigin.proxy }
/// print(oursToMend.map(\.word))
/// ```
public enum FailureOrigin: String, Sendable, Hashable, CaseIterable {
    case client, upstream
    /// Reprise itself: its limits, its timeouts, its operator, its defects.
    case proxy
}

/// All facts about one case of a ``FailureList``, in one line of code.
///
/// ```swift
/// for row in Ending.Kind.allCases.map(\.row) {
///     print("| \(row.word) | \(row.origin.rawValue) | \(row.retry ? "yes" : "no") | \(row.meaning) |")
/// }
/// ```
public struct FailureRow: Sendable {
    /// The word in logs, metrics and the configuration.
    public let word: String
    /// One sentence for people, in Markdown.
    public let meaning: String
    /// The side that it comes from.
    public let origin: FailureOrigin
    /// Whether a retry without changes makes sense, because the cause may be gone by then.
    public let retry: Bool

    /// - Parameters:
    ///   - word: what logs, metrics and the configuration say.
    ///   - meaning: one sentence for people, in Markdown.
    ///   - origin: the side that it comes from.
    ///   - retry: `false` for a proper end, and where someone must change something first.
    public init(_ word: String, _ meaning: String, _ origin: FailureOrigin, retry: Bool) {
        (self.word, self.meaning, self.origin, self.retry) = (word, meaning, origin, retry)
    }
}

/// A closed list of what can end or fail.
///
/// ```swift
/// func isOurs(_ failure: some FailureList) -> Bool { failure.origin == .proxy }
/// print(isOurs(Ending.Kind.killed), isOurs(HandshakeFailure.Kind.notTLS))  // true false
/// ```
public protocol FailureList: ClosedList {
    /// Everything about the case.
    var row: FailureRow { get }
}

extension FailureList {
    public var text: (word: String, meaning: String) { (row.word, row.meaning) }
    /// The side that it comes from.
    public var origin: FailureOrigin { row.origin }
    /// Whether a retry without changes makes sense.
    public var isWorthRetrying: Bool { row.retry }
}
