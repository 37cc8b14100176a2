internal import RepriseConfiguration
internal import RepriseMetrics
internal import RepriseVocabulary

/// What `reprise explain` says: the texts are those of docs/metrics.md and docs/configuration.md.
package enum Explanation {
    /// Everything that a word of the log, of a metric or of the configuration means, one paragraph for each meaning.
    ///
    /// - Parameter asked: as the log prints it, with an alert's name in parentheses or without; or an option's path,
    ///   with `[]` or without, whole or from any of its parts on.
    /// - Returns: `nil` for an unknown word.
    package static func of(_ asked: String) -> String? {
        let word = asked.firstIndex(of: "(").map { String(asked[..<$0]) } ?? asked
        let alert = asked.hasSuffix(")") ? asked.dropFirst(word.count + 1).dropLast() : ""
        var paragraphs = ClosedWord.all.filter { $0.word == word }.map { paragraph($0, alert: String(alert)) }
        let path = asked.replacing(#/\[[^\]]*\]/#, with: "")
        if !path.isEmpty {
            paragraphs += ConfigurationDocument.explanations.filter { $0.path == path || $0.path.hasSuffix(".\(path)") }
                .map(paragraph)
        }
        return paragraphs.isEmpty ? nil : paragraphs.joined(separator: "\n\n")
    }

    /// Every word by its kind, and every option.
    package static var list: String {
        var sections: [(title: String, words: [String])] = []
        for word in ClosedWord.all {
            if sections.last?.title == word.title {
                sections[sections.count - 1].words.append(word.word)
            } else {
                sections.append((word.title, [word.word]))
            }
        }
        sections.append(("Options", ConfigurationDocument.paths))
        return sections.map { "\($0.title):\n" + $0.words.map { "  \($0)" }.joined(separator: "\n") }
            .joined(separator: "\n\n")
    }

    /// What a shell can complete: every word and every option's path, each once.
    package static var words: [String] {
        var seen: Set<String> = []
        return (ClosedWord.all.map(\.word) + ConfigurationDocument.paths).filter { seen.insert($0).inserted }
    }

    /// `, did you mean "client_fin"?` for an unknown word; nothing where none is close.
    package static func hint(for asked: String) -> String {
        let bare = ConfigurationDocument.paths.compactMap { $0.split(separator: ".").last.map(String.init) }
        return Suggestion.clause(for: asked.replacing(#/\[[^\]]*\]/#, with: ""), among: words + bare)
    }

    private static func paragraph(_ word: ClosedWord, alert: String) -> String {
        var lines = ["\(word.word) (\(word.title.lowercasedFirst))", "  \(word.meaning)"]
        if !alert.isEmpty { lines.append("  alert: \(alert)") }
        if let failure = word.failure {
            lines.append("  whose it is: \(failure.origin.rawValue)")
            lines.append("  worth a retry: \(failure.isWorthRetrying ? "yes" : "no")")
        }
        if let advice = word.advice { lines.append("  what to do: \(advice)") }
        lines += word.series.map { "  metric: \($0)" }
        return lines.joined(separator: "\n")
    }

    private static func paragraph(_ option: ConfigurationDocument.Explanation) -> String {
        let defaultText = option.defaultText ?? (option.isRequired ? "none, it is required" : "none")
        return """
            \(option.path) (option)
              \(option.about)
              holds: \(option.kind)
              default: \(defaultText)
            """
    }
}

extension String {
    /// With a small first letter, for a title within a line; a title that begins with an abbreviation stays.
    fileprivate var lowercasedFirst: String {
        dropFirst().first?.isUppercase == true ? self : prefix(1).lowercased() + dropFirst()
    }
}
