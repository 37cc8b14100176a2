/// Why application data was not taken.
public enum ApplicationDataError: Error, Sendable, Hashable {
    /// It has so many bytes, and a session remembers at most ``limit``.
    case tooLong(bytes: Int)
    /// The listener resumes nothing, or the handshake is not done: there is no session to remember it.
    case noSession

    /// How many bytes a session remembers.
    public static var limit: Int { ResumptionLimits.applicationDataBytes }
}

extension ApplicationDataError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooLong(let bytes): "\(bytes) bytes of application data, more than \(Self.limit)"
        case .noSession: "no session to remember application data"
        }
    }
}
