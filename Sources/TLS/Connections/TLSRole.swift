/// Which end of a connection is ours (RFC 8446 §2): what the two do alike, ``TLSStream`` does, and asks this for the words.
package enum TLSRole: Sendable, Hashable {
    case server
    case client

    /// Who has it, in words for the log.
    var name: String {
        switch self {
        case .server: "the server"
        case .client: "the client"
        }
    }

    /// The role of whoever is at the other end.
    var peer: TLSRole { self == .server ? .client : .server }
}
