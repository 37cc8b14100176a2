internal import Glibc
package import RepriseVocabulary

/// Reads whole files, for configuration and certificates.
package enum FileReader {
    /// The largest file that it reads; a certificate chain or a configuration is far smaller.
    package static let maximumBytes = 16 << 20

    /// Why a file was not read, in words.
    package struct ReadError: Error, Sendable, CustomStringConvertible {
        package let description: String

        package init(description: String) {
            self.description = description
        }
    }

    /// The file's bytes.
    ///
    /// Never waits: it refuses all but regular files, since a pipe or a terminal could keep the program from its
    /// signals for ever.
    /// - Throws: the error of open(2) or read(2), or that it is not a regular file or too large.
    package static func read(_ path: String) throws(ReadError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure() }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw ReadError(description: "it is a folder") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw ReadError(description: "it is no regular file") }
        return try contents(of: descriptor)
    }

    /// Why the process may not append to a file, or make it; `nil` when it may.
    package static func reasonAgainstAppending(to path: String) -> ReadError? {
        if access(path, F_OK) == 0 { return access(path, W_OK) == 0 ? nil : failure() }
        let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        return access(folder, W_OK | X_OK) == 0 ? nil : failure()
    }

    /// Whether others than its owner and its group may read a file, and go through the folders that lead to it.
    package static func isOpenToAll(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & S_IROTH != 0, let resolved = realpath(path, nil) else {
            return false
        }
        defer { free(resolved) }
        var folder = String(cString: resolved)
        while let slash = folder.lastIndex(of: "/"), slash > folder.startIndex {
            folder = String(folder[..<slash])
            guard stat(folder, &status) == 0, status.st_mode & S_IXOTH != 0 else { return false }
        }
        return true
    }

    /// The bytes of a file that holds a secret; no copy of them stays in memory.
    package static func readSecret(_ path: String) throws(ReadError) -> Secret {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure() }
        guard status.st_mode & S_IFMT == S_IFREG else { throw ReadError(description: "it is no regular file") }
        guard status.st_size <= maximumBytes else {
            throw ReadError(description: "it is larger than \(maximumBytes >> 20) MiB")
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, Int(status.st_size)), alignment: 1)
        defer {
            buffer.wipe()
            buffer.deallocate()
        }
        var count = 0
        while count < buffer.count {
            let got = Glibc.read(descriptor, buffer.baseAddress?.advanced(by: count), buffer.count - count)
            if got == 0 { break }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw failure() }
            count += got
        }
        return Secret(copying: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    }

    private static func contents(of descriptor: CInt) throws(ReadError) -> [UInt8] {
        var bytes: [UInt8] = []
        while true {
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: 64 << 10))
            let count = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: start), 64 << 10)
            }
            bytes.removeLast(64 << 10 - max(0, count))
            if count == 0 { return bytes }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw failure()
            }
            guard bytes.count <= maximumBytes else {
                throw ReadError(description: "it is larger than \(maximumBytes >> 20) MiB")
            }
        }
    }

    private static func failure() -> ReadError {
        ReadError(description: SystemErrno.current.text)
    }
}
