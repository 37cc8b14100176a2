internal import RepriseTLS
internal import RepriseVocabulary

extension ConnectionFault {
    /// The ending of a connection that broke this way.
    var ending: Ending {
        switch self {
        case .alertReceived(let alert, _): .alertReceived(alert)
        case .alertSent(let alert, _): .alertSent(alert)
        case .error: .alertSent(.internalError)
        }
    }
}

extension HandshakeFault {
    /// The ending of a connection whose handshake failed this way.
    var ending: Ending {
        switch cause {
        case .alertReceived(let alert): .alertReceived(alert)
        default: cause.isPlainHTTP ? .refused : alertSent.map(Ending.alertSent) ?? .refused
        }
    }

    /// Whether what is ready to be sent answers the client: one that sent an alert wants no answer.
    var isAnswered: Bool { if case .alertReceived = cause { false } else { true } }
}

extension HandshakeFailure {
    var isPlainHTTP: Bool { self == .plainHTTP }
}
