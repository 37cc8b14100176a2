/// Why a client's context or connection cannot be made.
package enum ClientError: Error, Sendable, Hashable {
    /// The settings are at fault, or libssl is.
    case context(ContextError)
    /// Most often a key or a digest that the security level forbids.
    case certificateRefused(subject: String, errors: [OpenSSLError])
    /// No name that server_name could carry (RFC 6066 §3): empty, longer than 255 bytes, or with a zero byte in it.
    case badServerName(String)
    /// Somebody must vouch for the server, and there is no name to verify its certificate against.
    case noServerName
    /// The session is of no use to this client.
    case sessionRefused([OpenSSLError])
}

extension ClientError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .context(let error): error.description
        case .certificateRefused(let subject, let errors):
            "libssl refuses the client certificate \(subject): \(errors.summary)"
        case .badServerName(let name):
            "a server's name has 1 to \(TLSLimits.serverNameBytes) bytes: '\(String(escaping: Array(name.utf8)))'"
        case .noServerName: "a server whose certificate is verified needs a name"
        case .sessionRefused(let errors): "libssl does not take the session to resume: \(errors.summary)"
        }
    }
}
