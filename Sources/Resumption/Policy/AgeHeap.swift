internal import RepriseVocabulary

/// A binary heap of elements with a moment, the oldest first.
struct AgeHeap<Element: Sendable>: Sendable {
    private var elements: [Element] = []
    private let moment: @Sendable (Element) -> WallTime

    init(_ moment: @escaping @Sendable (Element) -> WallTime) {
        self.moment = moment
    }

    var count: Int { elements.count }

    var first: Element? { elements.first }

    mutating func insert(_ element: Element) {
        elements.append(element)
        var index = elements.count - 1
        while index > 0, moment(elements[index]) < moment(elements[(index - 1) / 2]) {
            elements.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    @discardableResult
    mutating func removeFirst() -> Element? {
        guard let first = elements.first else { return nil }
        elements.swapAt(0, elements.count - 1)
        elements.removeLast()
        var index = 0
        while true {
            var least = index
            for child in [2 * index + 1, 2 * index + 2] where child < elements.count {
                if moment(elements[child]) < moment(elements[least]) { least = child }
            }
            guard least != index else { return first }
            elements.swapAt(index, least)
            index = least
        }
    }

    /// Removes all that match; O(n).
    mutating func removeAll(where matches: (Element) -> Bool) -> [Element] {
        let out = elements.filter(matches)
        guard !out.isEmpty else { return [] }
        let rest = elements.filter { !matches($0) }
        elements = []
        for element in rest { insert(element) }
        return out
    }
}
