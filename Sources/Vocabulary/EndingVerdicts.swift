/// What each ending of a connection means for its session.
package struct EndingVerdicts: Sendable, Hashable {
    /// What an ending means.
    package enum Verdict: String, Sendable, Hashable, CaseIterable {
        /// The session can be resumed.
        case keep
        /// Nothing of its lineage can be resumed.
        case drop
    }

    /// Each at its ending's index.
    private var verdicts: [Verdict]

    /// The defaults: a fatal alert drops (RFC 5246 §7.2.2); all else keeps, which RFC 8446 §6.1 allows.
    package init() {
        verdicts = Ending.Kind.allCases.map { $0.isFatalAlert ? .drop : .keep }
    }

    /// Sets the verdict on the endings that a word of the configuration means.
    ///
    /// - Parameter word: an ending's word, or `fatal_alert` for both by an alert.
    /// - Returns: `false` for a word that names no ending.
    @discardableResult
    package mutating func set(_ word: String, _ verdict: Verdict) -> Bool {
        let kinds = Ending.Kind.named(word)
        for kind in kinds { verdicts[kind.index] = verdict }
        return !kinds.isEmpty
    }

    /// The verdict on an ending.
    ///
    /// An alert drops only where it can mean that the session is no longer safe (``TLSAlert/tellsOfCorruption``).
    package subscript(_ ending: Ending) -> Verdict {
        switch ending {
        case .alertSent(let alert) where !alert.tellsOfCorruption: .keep
        case .alertReceived(let alert) where !alert.tellsOfCorruption: .keep
        default: verdicts[ending.kind.index]
        }
    }
}
