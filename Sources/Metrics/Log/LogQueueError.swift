import Glibc

/// Why the log's queue could not be set up.
package enum LogQueueError: Error, Equatable, CustomStringConvertible {
    /// No descriptors for the writer's wake-up pipe (pipe(2)).
    case descriptors(errno: CInt)
    /// No thread for the writer (pthread_create(3)).
    case thread(errno: CInt)

    package var description: String {
        switch self {
        case .descriptors(let code): "no pipe for the log writer: \(String(cString: strerror(code)))"
        case .thread(let code): "no thread for the log writer: \(String(cString: strerror(code)))"
        }
    }
}
