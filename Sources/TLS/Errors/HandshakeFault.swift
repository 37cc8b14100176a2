package import RepriseVocabulary

/// Why a handshake failed: one cause of the closed list, and the evidence.
package struct HandshakeFault: Sendable, Hashable, Error {
    package let cause: HandshakeFailure
    /// The fatal alert that now waits in the output, if one does.
    package let alertSent: TLSAlert?
    /// libssl's reasons, the first raised first.
    package let errors: [OpenSSLError]
    /// One sentence for the log; printable.
    package let detail: String

    package init(cause: HandshakeFailure, alertSent: TLSAlert? = nil, errors: [OpenSSLError] = [], detail: String) {
        self.cause = cause
        self.alertSent = alertSent
        self.errors = errors
        self.detail = detail
    }
}

extension HandshakeFault: CustomStringConvertible {
    package var description: String { "\(cause): \(detail)" }
}

/// Why an established connection cannot go on.
package enum ConnectionFault: Sendable, Hashable, Error {
    /// The peer, whose role it names, sent a fatal alert.
    case alertReceived(TLSAlert, from: TLSRole)
    /// The peer violated the protocol; the alert waits in the output.
    case alertSent(TLSAlert, [OpenSSLError])
    case error([OpenSSLError])
}

extension ConnectionFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .alertReceived(let alert, let sender): "\(sender.name) sent \(alert.name)"
        case .alertSent(let alert, let errors): "we sent \(alert.name): \(errors.summary)"
        case .error(let errors): errors.summary
        }
    }
}
