internal import RepriseConfiguration

/// The words of the command line.
package enum CommandWord {
    /// `, did you mean "serve"?` for a word that is none of these; nothing where none is close.
    package static func hint(for word: String, among words: [String]) -> String {
        Suggestion.clause(for: word, among: words)
    }
}
