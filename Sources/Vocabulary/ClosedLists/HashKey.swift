/// What decides to which server a connection is hashed.
package enum HashKey: Int, ClosedList {
    case client, sni, lineage

    package static let title = "Keys of a consistent hash"

    package var text: (word: String, meaning: String) {
        switch self {
        case .client:
            ("client", "The client's IP address, without the port; the clients of a Unix socket count as one.")
        case .sni: ("sni", "The name that the client asks for, in any case; without one, as `client`.")
        case .lineage: ("lineage", "The lineage of its session; where the listener resumes nothing, as `client`.")
        }
    }
}
