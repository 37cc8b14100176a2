import Foundation
import Glibc

/// A thread that accepts from a listening socket until it is stopped, and then closes it.
///
/// It alone closes the socket: a number that another file is given meanwhile is never accepted from.
final class AcceptLoop: @unchecked Sendable {
    // @unchecked: `isStopped` is behind `lock`.
    private let descriptor: Int32
    private let lock = NSLock()
    private var isStopped = false
    private let isClosed = DispatchSemaphore(value: 0)

    /// - Parameter accepted: is given each client's descriptor.
    init(_ descriptor: Int32, _ accepted: @escaping @Sendable (Int32) -> Void) {
        self.descriptor = descriptor
        Thread { [self] in
            while !lock.withLock({ isStopped }) {
                let client = accept(descriptor, nil, nil)
                // One that failed concerns one client, or nobody, unless the socket itself is gone.
                if client >= 0 {
                    // A process that another test starts must not hold the connection open.
                    _ = fcntl(client, F_SETFD, FD_CLOEXEC)
                    accepted(client)
                } else if errno == EINVAL || errno == EBADF {
                    break
                } else if errno == EAGAIN {
                    // A process of a test's own may have inherited the socket and made it non-blocking, for us too.
                    var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                    poll(&wait, 1, -1)
                }
            }
            lock.withLock {
                isStopped = true
                _ = close(descriptor)
            }
            isClosed.signal()
        }.start()
    }

    /// Closes the socket.
    ///
    /// - Parameter waiting: its port refuses when this returns; not from the thread that accepts.
    func stop(waiting: Bool = true) {
        lock.withLock {
            // Once: the number may be another file's later.
            guard !isStopped else { return }
            isStopped = true
            // Wakes the thread.
            _ = shutdown(descriptor, Int32(SHUT_RDWR))
        }
        guard waiting else { return }
        isClosed.wait()
        isClosed.signal()
    }
}
