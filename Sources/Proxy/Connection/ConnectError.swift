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
    /// - `mayBeName`: perhaps for the name that the client asks for.
    case tls(String, mayBeName: Bool = false)
    /// The name that the client asks for is none of the server's, or none that a server could be asked for.
    case name(String)

    var description: String {
        switch self {
        case .system(let errno): "\(errno)"
        case .timeout: "no answer in timeouts.connect"
        case .tls(let detail, _), .name(let detail): detail
        }
    }

    /// Whether it is the name that the client asks for.
    var isAboutName: Bool { if case .name = self { true } else { false } }

    /// Whether it says nothing of the server: this machine has run out of something or does not let us, or the client has
    /// asked for what would fail anywhere.
    var isOurs: Bool {
        switch self {
        case .name, .tls(_, mayBeName: true): return true
        case .tls, .timeout, .system: break
        }
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
        case .tls, .name: .tls
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
