/// Which end of a connection is ours (RFC 8446 §2). ``TLSStream`` does what both do alike, and asks this for the words.
package enum TLSRole: Sendable, Hashable {
    case server
    case client

    /// Its holder, in words for the log.
    var name: String {
        switch self {
        case .server: "the server"
        case .client: "the client"
        }
    }

    /// The role of the peer.
    var peer: TLSRole { self == .server ? .client : .server }
}
