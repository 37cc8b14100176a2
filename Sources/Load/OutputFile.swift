internal import Glibc
internal import RepriseEventLoop

/// A file that a report goes to: opened before the run, so that one that cannot be written is found then, and changed only
/// when there is something to write.
package struct OutputFile: ~Copyable {
    private let path: String
    private let descriptor: CInt

    /// Opens it, or makes it.
    package init(_ path: String) throws(LoadFault) {
        // A pipe that nobody reads would be waited for.
        descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o644)
        guard descriptor >= 0 else {
            throw LoadFault(.system, "\(path) cannot be written: \(SystemErrno.current.text)")
        }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        self.path = path
    }

    deinit { close(descriptor) }

    /// Puts that in the stead of what the file held.
    package func write(_ bytes: [UInt8]) throws(LoadFault) {
        // A pipe or a terminal has no length.
        _ = ftruncate(descriptor, 0)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw LoadFault(.system, "\(path) cannot be written: \(SystemErrno.current.text)") }
            rest = rest.dropFirst(count)
        }
    }
}
