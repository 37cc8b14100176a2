internal import TLS
internal import Vocabulary

extension ConnectionFault {
    /// The ending of a connection that broke this way.
    var ending: Ending {
        switch self {
        case .alertReceived(let alert): .alertReceived(alert)
        case .alertSent(let alert, _): .alertSent(alert)
        case .error: .alertSent(.internalError)
        }
    }
}

extension HandshakeSummary.Resumption {
    /// Every way, in the order of the metrics' cells.
    static let all: [HandshakeSummary.Resumption] = [.no, .sessionID, .ticket, .psk]

    /// The word in logs and metrics.
    var word: String {
        switch self {
        case .no: "no"
        case .sessionID: "id"
        case .ticket: "ticket"
        case .psk: "psk"
        }
    }
}
