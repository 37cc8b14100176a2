/// Limits that no option changes: what bounds a queue, a buffer or a wait wherever the file has no word for it.
public enum Limits {
    /// The longest path of a Unix socket (`sun_path`, unix(7)), without the zero at its end.
    public static let unixPathBytes = 107
}
