/// Whose an ending or a failure is: who did it, or failed to do what was due.
public enum FailureOrigin: String, Sendable, Hashable, CaseIterable {
    case client, upstream
    /// Reprise itself: its limits, its timeouts, its operator, its defects.
    case proxy
}

/// All there is to say of one case of a ``FailureList``, in one line of code.
public struct FailureRow: Sendable {
    /// The word in logs, metrics and the configuration.
    public let word: String
    /// One sentence for people, in Markdown.
    public let meaning: String
    /// Whose it is.
    public let origin: FailureOrigin
    /// Whether the same may be tried again as it is, because what went wrong may be over by then.
    public let retry: Bool

    /// - Parameter retry: `false` for what ended in order, and for what somebody must change first.
    public init(_ word: String, _ meaning: String, _ origin: FailureOrigin, retry: Bool) {
        (self.word, self.meaning, self.origin, self.retry) = (word, meaning, origin, retry)
    }
}

/// A closed list of what can end or fail.
///
/// ```swift
/// if let ending = record.ending, ending.kind.origin == .upstream, ending.kind.isWorthRetrying { … }
/// ```
public protocol FailureList: ClosedList {
    /// Everything about the case.
    var row: FailureRow { get }
}

extension FailureList {
    public var text: (word: String, meaning: String) { (row.word, row.meaning) }
    /// Whose it is.
    public var origin: FailureOrigin { row.origin }
    /// Whether the same may be tried again as it is.
    public var isWorthRetrying: Bool { row.retry }
}
