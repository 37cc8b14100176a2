/// Limits that no option changes: bounds of queues, buffers and waits that the file does not set.
///
/// ```swift
/// let path = "/run/reprise/web.sock"
/// precondition(path.utf8.count <= Limits.unixPathBytes, "\(path) is too long for a socket")
/// ```
public enum Limits {
    /// The longest path of a Unix socket (`sun_path`, unix(7)), without the zero at its end.
    public static let unixPathBytes = 107
}
