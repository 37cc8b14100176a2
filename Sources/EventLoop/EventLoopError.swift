/// What libevent could not do.
package struct EventLoopError: Error, Sendable, CustomStringConvertible {
    /// The operation, such as `event_base_new`.
    package let operation: String
    /// errno as it was when the operation failed; 0 where it says nothing.
    package let errno: SystemErrno

    package var description: String {
        errno.value == 0 ? "\(operation) failed" : "\(operation) failed: \(errno)"
    }
}
