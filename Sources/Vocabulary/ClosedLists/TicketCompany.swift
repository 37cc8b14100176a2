/// What TLS 1.3 tickets left together with.
package enum TicketCompany: Int, ClosedList {
    case alone, withData

    package static let title = "Company of tickets"

    package var text: (word: String, meaning: String) {
        switch self {
        case .alone: ("alone", "Nothing else was to be sent for as long as `tickets.delay`.")
        case .withData: ("with_data", "Other bytes for the client took the tickets along.")
        }
    }
}
