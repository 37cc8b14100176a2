internal import RepriseTLS
package import RepriseVocabulary

/// What is known of TLS with one server, over all workers and generations of the configuration.
package final class UpstreamSeen: Sendable {
    /// How the last handshake went.
    package enum Last: Sendable, Hashable {
        case resumed(ResumptionMeans)
        case full
        case failed(HandshakeFailure, detail: String)
    }

    private struct Known: Sendable {
        var last: Last?
        var notAfter: WallTime?
        var certificateChanges = 0
    }

    private let known = Locked(Known())

    package init() {}

    /// How the last handshake went; `nil` before the first.
    package var last: Last? { known.withLock { $0.last } }
    /// Until when the certificate is good that the last full handshake has shown.
    package var notAfter: WallTime? { known.withLock { $0.notAfter } }
    /// How often sessions went because the server had another certificate than they were agreed on under.
    package var certificateChanges: Int { known.withLock { $0.certificateChanges } }

    func succeeded(_ means: ResumptionMeans) {
        known.withLock { $0.last = means == .no ? .full : .resumed(means) }
    }

    func failed(_ fault: HandshakeFault) {
        known.withLock { $0.last = .failed(fault.cause, detail: fault.detail) }
    }

    func shown(_ leaf: PeerLeaf) { known.withLock { $0.notAfter = leaf.notAfter } }

    func changedCertificate() { known.withLock { $0.certificateChanges += 1 } }
}
