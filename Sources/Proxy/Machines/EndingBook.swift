package import RepriseVocabulary

/// How a connection ended, and what happened after that. Each fact is entered once, as the ``Ending`` it may be.
package struct EndingBook: Sendable, Equatable {
    /// The first fact that ended either direction, or the timeout that took its place; `nil` until then.
    package private(set) var ending: Ending?
    /// What happened after it.
    package private(set) var later: Later = []

    package init() {}

    /// Enters a fact: the first one decides, every other is a detail.
    mutating func note(_ fact: Ending) {
        if ending == nil {
            ending = fact
        } else {
            later.formUnion(Later(fact))
        }
    }

    /// Enters a timeout that ends what the first fact had left half-closed: it takes that fact's place (docs/decisions,
    /// 4).
    mutating func expire(_ timeout: Ending) {
        if let ending { later.formUnion(Later(ending)) }
        ending = timeout
    }

    /// Enters that the client did not take its last bytes in time. It decides only where the streams' own ends had
    /// decided: a limit, an alert or the operator stays the ending.
    mutating func expireGoodbye() {
        if ending?.kind.isStreamsOwn ?? false {
            expire(.timeoutShutdown)
        } else {
            later.formUnion(Later(.timeoutShutdown))
        }
    }
}

extension EndingBook {
    /// What happened after the fact that decided the ending: a set of endings by their kinds' indices.
    package struct Later: OptionSet, Sendable, Hashable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }

        /// The same fact, as a detail; an alert's name is not kept.
        package init(_ fact: Ending) {
            rawValue = 1 << fact.kind.index
        }

        /// The words of the log line's `detail` field.
        package var words: [String] {
            Ending.Kind.allCases.filter { rawValue & (1 << $0.index) != 0 }.map(\.word)
        }
    }
}
