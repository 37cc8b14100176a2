/// Why bytes are no session that can be used here.
public enum SessionFormatError: Error, Sendable, Hashable {
    /// They are not the travelling form of a session, or only a part of it.
    case notASession
    /// Another version of the program wrote what it remembers.
    case otherVersion
    /// The session belongs to another session domain or host, or to another client_auth policy.
    case otherContext
}

extension SessionFormatError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .notASession: "the bytes are no serialised session"
        case .otherVersion: "the session was written by another version"
        case .otherContext: "the session belongs to another domain, host or client_auth policy"
        }
    }
}
