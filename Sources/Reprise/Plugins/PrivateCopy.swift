internal import Glibc
internal import RepriseEventLoop

/// A copy of a shared object in memory: the loader would give the code of an earlier one for the same path, and a file that
/// is written to under a running program takes it down.
struct PrivateCopy {
    private let descriptor: CInt

    /// - Throws: why the file is not to be trusted, or cannot be read.
    init(of path: String) throws(PluginFailure) {
        let file = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { throw Self.failure("cannot be opened") }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw Self.failure("cannot be looked at") }
        guard status.st_mode & S_IFMT == S_IFREG else { throw PluginFailure("is no regular file") }
        guard status.st_uid == 0 || status.st_uid == geteuid() else {
            throw PluginFailure("belongs to user \(status.st_uid), who could put other code there")
        }
        guard status.st_mode & 0o022 == 0 else {
            throw PluginFailure("others than its owner may write to it (chmod go-w)")
        }
        let copy = Descriptors.memoryFile(named: "reprise-router")
        guard copy >= 0 else { throw Self.failure("memfd_create(2), which a copy of it needs, is not possible here") }
        var offset: off_t = 0
        while offset < status.st_size {
            let sent = sendfile(copy, file, &offset, Int(status.st_size - offset))
            if sent < 0, errno == EINTR { continue }
            guard sent > 0 else {
                let failure =
                    sent == 0 ? PluginFailure("changes while it is read") : Self.failure("cannot be copied")
                close(copy)
                throw failure
            }
        }
        descriptor = copy
    }

    /// Loads it; the copy's file is closed then.
    ///
    /// The loader compares a path with those that it has loaded before it looks at any file, and numbers of descriptors
    /// recur: each load has a spelling of its own.
    func open() throws(PluginFailure) -> UnsafeMutableRawPointer {
        defer { close(descriptor) }
        let number = PluginCalls.nextNumber()
        let spelling = (0..<40).map { number >> UInt64($0) & 1 == 1 ? "./" : "/" }.joined()
        let path = "/proc/self/fd/\(spelling)\(descriptor)"
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            let words = dlerror().map { String(cString: $0) } ?? "the loader does not say why"
            throw PluginFailure("cannot be loaded: \(words.replacing("\(path): ", with: ""))")
        }
        return handle
    }

    private static func failure(_ what: String) -> PluginFailure {
        PluginFailure("\(what): \(String(cString: strerror(errno)))")
    }
}
