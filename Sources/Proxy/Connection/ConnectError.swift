internal import Glibc
internal import RepriseEventLoop
internal import RepriseVocabulary

/// What kept an upstream server from taking a connection.
enum ConnectError: Error, CustomStringConvertible {
    case system(SystemErrno)
    /// It did not answer in `timeouts.connect`.
    case timeout
    /// The TLS handshake failed, and why.
    ///
    /// - `byClient`: for a name that the client has asked for, or for want of one.
    case tls(String, byClient: Bool = false)

    var description: String {
        switch self {
        case .system(let errno): "\(errno)"
        case .timeout: "no answer in timeouts.connect"
        case .tls(let detail, _): detail
        }
    }

    /// Whether it is no fault of the server's: this machine has run out of something or does not let us, or the client has
    /// asked for a name that the server does not have.
    var isOurs: Bool {
        switch self {
        case .system(let errno):
            switch errno.value {
            case EMFILE, ENFILE, ENOMEM, ENOBUFS, EADDRNOTAVAIL, EPERM, EACCES: true
            default: false
            }
        case .timeout: false
        case .tls(_, let byClient): byClient
        }
    }

    /// The metric's `reason`.
    var reason: ConnectFailure {
        switch self {
        case .system(let errno): ConnectFailure(errno)
        case .timeout: .timeout
        case .tls: .tls
        }
    }
}

extension ConnectFailure {
    /// The reason behind an error of connect(2).
    init(_ errno: SystemErrno) {
        switch errno.value {
        case ECONNREFUSED, ENOENT: self = .refused
        case ETIMEDOUT: self = .timeout
        case ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL: self = .unreachable
        case ECONNRESET, EPIPE: self = .reset
        default: self = .other
        }
    }
}
