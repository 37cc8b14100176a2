internal import RepriseVocabulary

/// What a server has done about the sessions of one connection: the offered ones, and those it gives.
struct TicketBook {
    /// When the TLS 1.3 tickets are made.
    enum Issue {
        /// At the handshake's end.
        case atOnce
        /// By ``ServerConnection/issueTickets()``, which is still to come.
        case held
        /// They were held, and have been made.
        case released
    }

    var issue: Issue
    /// How many tickets or ids of this ClientHello were tried.
    var tried = 0
    /// Whether a ticket was sealed.
    var hasSealed = false
    /// Whether the keeper has decided what this connection's sessions carry.
    var hasMarkedSession = false
    /// How many tickets the handshake ends with.
    var decided: (resumed: Bool, count: Int)?
    /// How many TLS 1.3 tickets libssl has written.
    var written = 0
    /// How often libssl had written anything when it wrote the last ticket; `nil` before any ticket.
    var writesWithTickets: Int?
    /// The alert that goes out instead of the next ticket.
    var refusal: TLSAlert?

    init(holdsTickets: Bool) {
        issue = holdsTickets ? .held : .atOnce
    }
}
