/// A list of words that is complete: what logs, metrics and the configuration may say of one subject.
///
/// Each case has its word and its sentence in ``text``, and nowhere else: counters, log lines, the configuration's
/// checks and docs/metrics.md read them here. A list is an enum over `Int`, so that ``index`` costs nothing where a
/// metric's cell is looked up.
///
/// ```swift
/// func table<List: ClosedList>(of list: List.Type) -> [String] {
///     [List.title] + List.allCases.map { "\($0.word): \($0.meaning)" }
/// }
/// for line in table(of: ResumptionRefusal.self) { print(line) }
/// ```
public protocol ClosedList: CaseIterable, Sendable, Hashable where AllCases == [Self] {
    /// The subject of the words, as the heading of a table.
    static var title: String { get }

    /// The word in logs, metrics and the configuration; and one sentence for people, in Markdown.
    var text: (word: String, meaning: String) { get }

    /// What an operator can do about it, in Markdown; `nil` where there is nothing to do.
    var advice: String? { get }

    /// The index in `allCases`.
    var index: Int { get }
}

extension ClosedList {
    /// The word in logs, metrics and the configuration.
    public var word: String { text.word }

    /// One sentence for people, in Markdown.
    public var meaning: String { text.meaning }

    /// Nothing, unless the list says otherwise.
    public var advice: String? { nil }

    /// Every word, each at its ``index``.
    public static var words: [String] { allCases.map(\.word) }

    /// The case of that word, for what is read once: it looks at one case after the other.
    public init?(word: String) {
        guard let found = Self.allCases.first(where: { $0.word == word }) else { return nil }
        self = found
    }
}

extension ClosedList where Self: RawRepresentable, RawValue == Int {
    /// The index in `allCases`: the raw values count from 0.
    public var index: Int { rawValue }
}
