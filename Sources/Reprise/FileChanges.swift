internal import RepriseEventLoop

/// Tells which of some files have changed on disk, once they have come to rest: a certificate and its key are two files, and
/// some programs write a file in parts.
///
/// Confined to its loop, except for the looking.
final class FileChanges {
    private typealias Stamps = [String: FileStamp?]

    /// The states that were last told of.
    private var known: Stamps
    /// Another state, which the next look has to confirm.
    private var seen: Stamps?
    private var looks: FileLooks<[String], Stamps>?

    /// - Parameters:
    ///   - stamps: the files' states when they were last read, by their paths.
    ///   - changed: gets the paths of those that have changed, unless ``stop()`` came first. It may stop this.
    init(
        of stamps: [String: FileStamp?], every interval: Duration, from source: ConfigurationSource, loop: EventLoop,
        changed: @escaping ([String]) -> Void
    ) {
        known = stamps
        guard !stamps.isEmpty else { return }
        looks = FileLooks(
            loop: loop, every: interval, known: { [unowned self] in Array(known.keys) },
            look: { paths in Dictionary(paths.map { ($0, source.stamp($0)) }, uniquingKeysWith: { first, _ in first })
            },
            take: { [unowned self] stamps in
                let paths = stamps.filter { $0.value != known[$0.key] ?? nil }.keys.sorted()
                guard !paths.isEmpty, stamps == seen else {
                    seen = stamps
                    return
                }
                known = stamps
                changed(paths)
            })
    }

    /// Ends the watch; must be called before the object is freed.
    func stop() {
        looks?.stop()
        looks = nil
    }
}
