internal import Glibc
internal import RepriseEventLoop
internal import RepriseVocabulary

/// What kept an upstream server from taking a connection.
enum ConnectError: Error, CustomStringConvertible {
    case system(SystemErrno)
    /// It did not answer in `timeouts.connect`.
    case timeout
    /// The TLS handshake failed, and why.
    case tls(String)

    var description: String {
        switch self {
        case .system(let errno): "\(errno)"
        case .timeout: "no answer in timeouts.connect"
        case .tls(let detail): detail
        }
    }

    /// Whether this machine has run out of something, or does not let us.
    var isOurs: Bool {
        guard case .system(let errno) = self else { return false }
        return switch errno.value {
        case EMFILE, ENFILE, ENOMEM, ENOBUFS, EADDRNOTAVAIL, EPERM, EACCES: true
        default: false
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
