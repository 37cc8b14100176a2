internal import CRepriseEvent
internal import Glibc

/// An error number of the system, with its name and its text.
package struct SystemErrno: Sendable, Hashable {
    /// The number, as errno(3) has it.
    package let value: CInt

    package init(_ value: CInt) {
        self.value = value
    }

    /// The number that the last system call of this thread set; read it before any other call.
    package static var current: SystemErrno { SystemErrno(Glibc.errno) }

    /// The peer reset the connection.
    package static let connectionReset = SystemErrno(ECONNRESET)

    /// Something else is bound to the address.
    package static let addressInUse = SystemErrno(EADDRINUSE)

    /// The number's name, such as `ECONNREFUSED`.
    package var name: String {
        guard let name = strerrorname_np(value) else { return "errno \(value)" }
        return String(cString: name)
    }

    /// The number's text, such as `connection refused`.
    package var text: String {
        guard let text = strerrordesc_np(value) else { return "error \(value)" }
        return String(cString: text).lowercased()
    }
}

extension SystemErrno: CustomStringConvertible {
    /// Text and name: `connection refused (ECONNREFUSED)`.
    package var description: String { "\(text) (\(name))" }
}
