internal import EventLoop
internal import Glibc

/// Why an upstream server did not take a connection: the metric's `reason`.
enum ConnectFailure: Int, CaseIterable {
    case refused, timeout, unreachable, reset, other

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

    var name: String { "\(self)" }
}
