import Glibc

/// State that threads share, behind a POSIX mutex.
///
/// It does what `Synchronization.Mutex` does, in a way that the thread sanitizer sees: the sanitizer knows nothing of
/// that type's futex and reports every access under it as a race (Swift 6.3.1). It is here because every module needs
/// it, and it exposes nothing of C.
// @unchecked: `state` is only touched with the mutex held, and the mutex has an address of its own.
package final class Locked<State: Sendable>: @unchecked Sendable {
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    /// In memory of its own: the mutex is enough, and Swift's check of exclusive access to a property costs time.
    private let state: UnsafeMutablePointer<State>

    /// Takes the state over.
    package init(_ state: State) {
        self.state = .allocate(capacity: 1)
        self.state.initialize(to: state)
        mutex = .allocate(capacity: 1)
        mutex.initialize(to: pthread_mutex_t())
        let code = pthread_mutex_init(mutex, nil)
        precondition(code == 0, "pthread_mutex_init: \(code)")
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
        state.deinitialize(count: 1)
        state.deallocate()
    }

    /// Works on the state while no other thread does; `body` must not come back to this lock.
    package func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout State) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&state.pointee)
    }
}
