package import RepriseVocabulary

/// What each ending of a connection means for its session.
package struct EndingVerdicts: Sendable, Hashable {
    /// What an ending means.
    package enum Verdict: String, Sendable, Hashable, CaseIterable {
        /// The session can be resumed.
        case keep
        /// Nothing of its lineage can be resumed.
        case drop
    }

    /// The word that stands for both endings by a fatal alert.
    package static let fatalAlert = "fatal_alert"

    private var verdicts: [Verdict]

    /// The defaults: a fatal alert drops (RFC 5246 §7.2.2); all else keeps, which RFC 8446 §6.1 allows.
    package init() {
        verdicts = Ending.kinds.map { $0.hasPrefix("alert_") ? .drop : .keep }
    }

    /// Sets the verdict on one ending.
    ///
    /// - Parameter kind: an ending's kind, or ``fatalAlert``.
    /// - Returns: `false` for a word that names no ending.
    package mutating func set(_ kind: String, _ verdict: Verdict) -> Bool {
        let kinds = kind == Self.fatalAlert ? ["alert_sent", "alert_received"] : [kind]
        for kind in kinds {
            guard let index = Ending.kinds.firstIndex(of: kind) else { return false }
            verdicts[index] = verdict
        }
        return true
    }

    /// The verdict on an ending.
    ///
    /// An alert drops only where it can mean that the session is not safe any more (``TLSAlert/tellsOfCorruption``).
    package subscript(_ ending: Ending) -> Verdict {
        switch ending {
        case .alertSent(let alert) where !alert.tellsOfCorruption: .keep
        case .alertReceived(let alert) where !alert.tellsOfCorruption: .keep
        default: verdicts[ending.index]
        }
    }
}
