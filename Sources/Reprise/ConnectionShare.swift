internal import RepriseConfiguration
internal import RepriseVocabulary

/// How many connections each listener may really have, at two descriptors each.
struct ConnectionShare {
    /// Descriptors that are not for connections: loops, listeners, logs, files being read.
    static let reserve = 64

    private let factor: Double
    /// Warnings about listeners that ask for more than there is.
    let warnings: [Fault]

    /// - Parameter descriptors: how many the process may have open (RLIMIT_NOFILE).
    init(_ plan: Plan, descriptors: Int) {
        let wanted = plan.listeners.reduce(0) { $0 + $1.limits.admission.connections }
        let others = Self.reserve + (plan.admin?.connections ?? 0)
        let available = max(plan.listeners.count, (descriptors - others) / 2)
        factor = min(1, Double(available) / Double(max(1, wanted)))
        guard wanted > available else {
            warnings = []
            return
        }
        // A default that does not fit is lowered without a warning.
        warnings = plan.listeners.compactMap { listener in
            guard let source = listener.limits.connectionsPlace.source else { return nil }
            return Fault(
                source: source,
                message:
                    "the listeners' connections add up to \(wanted), with two descriptors each, but the process may"
                    + " open \(descriptors) (RLIMIT_NOFILE), \(others) of them for other things: they take \(available) together"
            )
        }
    }

    /// The listener's limit as enforced.
    func connections(of listener: ListenerPlan) -> Int {
        max(1, Int(Double(listener.limits.admission.connections) * factor))
    }
}
