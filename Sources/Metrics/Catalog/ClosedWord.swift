internal import RepriseVocabulary

/// One word of one closed list, with everything that is known of it: what `reprise explain` says.
package struct ClosedWord: Sendable {
    /// The list's subject.
    package let title: String
    package let word: String
    /// One sentence for people, in Markdown.
    package let meaning: String
    /// What can be done about it; `nil` where there is nothing to do.
    package let advice: String?
    /// The side that a failure comes from, and whether a retry makes sense.
    package let failure: MetricLabel.List.Failure?
    /// The series that count it: `reprise_connections_ended_total{ending="drain"}`.
    package let series: [String]

    /// Every word of every list: those of the metrics in docs/metrics.md's order, then those of the configuration.
    package static let all: [ClosedWord] = {
        var words: [ClosedWord] = []
        var seen: Set<MetricLabel.List> = []
        for list in MetricCatalog.all.flatMap(\.labels).compactMap(\.list) where seen.insert(list).inserted {
            words += of(list)
        }
        let others = [
            MetricLabel.List(Affinity.self), MetricLabel.List(BalancePolicy.self), MetricLabel.List(HashKey.self),
            MetricLabel.List(UnreachableFarewell.self), MetricLabel.List(ProxyContent.self),
            MetricLabel.List(ProxyProtocolVersion.self),
        ]
        return words + others.flatMap(of)
    }()

    private static func of(_ list: MetricLabel.List) -> [ClosedWord] {
        list.words.enumerated().map { index, word in
            let series = MetricCatalog.all.flatMap { metric in
                metric.labels.filter { $0.list == list }.map { "\(metric.name){\($0.name)=\"\(word)\"}" }
            }
            // Those are no failed handshakes, and count apart.
            let isProbe =
                list == MetricLabel.List(HandshakeFailure.Kind.self) && word == HandshakeFailure.Kind.probe.word
            return ClosedWord(
                title: list.title, word: word, meaning: list.meanings[index], advice: list.advice[index],
                failure: list.failures.isEmpty ? nil : list.failures[index],
                series: isProbe ? [MetricCatalog.probes.name] : series)
        }
    }
}
