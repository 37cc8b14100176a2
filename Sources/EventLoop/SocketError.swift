internal import Glibc
package import RepriseVocabulary

/// A socket operation that the system refused.
package struct SocketError: Error, Sendable, Hashable {
    /// The operation, such as `listen on`.
    package let operation: String
    package let endpoint: Endpoint
    package let errno: SystemErrno
    /// The obstacle, where the caller knows it better than the system.
    package var obstacle: String?

    package init(operation: String, endpoint: Endpoint, errno: SystemErrno) {
        self.operation = operation
        self.endpoint = endpoint
        self.errno = errno
    }

    /// Whether something else is bound there.
    package var isInUse: Bool { errno == .addressInUse }
}

extension SocketError: CustomStringConvertible {
    /// A sentence for the operator, with a remedy where one is known.
    package var description: String {
        "cannot \(operation) \(endpoint): \(errno)\((obstacle ?? advice).map { "; \($0)" } ?? "")"
    }

    /// The operation that fails because of a file that is not ours to replace.
    static let blockedByFile = "make the socket"

    private var advice: String? {
        switch errno.value {
        case EACCES:
            if case .ip(_, let port) = endpoint, port < 1024 {
                "ports below 1024 need root or CAP_NET_BIND_SERVICE"
            } else {
                nil
            }
        case EADDRINUSE where operation == Self.blockedByFile: "a file of that name is there, and it is no socket"
        case EADDRINUSE: "another program, or another Reprise, has it"
        case EADDRNOTAVAIL: "this machine has no such address"
        case EAFNOSUPPORT: "this machine does not speak that kind of address"
        default: nil
        }
    }
}
