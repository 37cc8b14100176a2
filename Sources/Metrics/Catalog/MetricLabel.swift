package import RepriseVocabulary

/// A label of a metric, and its values where they are a closed list.
package struct MetricLabel: Sendable, Hashable {
    /// The label's name, as the exposition writes it.
    package let name: String
    /// Every value the label can take, or `nil` when the configuration decides.
    package let list: List?

    /// A closed list as the exposition and its document need it: in its order, without its type.
    package struct List: Sendable, Hashable {
        /// What the words are of.
        package let title: String
        /// The words, each at the place of its index.
        package let words: [String]
        /// One sentence for each word.
        package let meanings: [String]

        /// That list.
        package init(_ list: (some ClosedList).Type) {
            (title, words, meanings) = (list.title, list.words, list.allCases.map(\.meaning))
        }
    }

    /// The words of its list, or `nil` when the configuration decides.
    package var values: [String]? { list?.words }

    /// A label whose values come from the configuration: a listener, an upstream.
    package static func open(_ name: String) -> MetricLabel {
        MetricLabel(name: name, list: nil)
    }

    /// A label that takes the words of that list and no other value.
    package static func closed(_ name: String, _ list: (some ClosedList).Type) -> MetricLabel {
        MetricLabel(name: name, list: List(list))
    }
}
