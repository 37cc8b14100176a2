internal import RepriseEventLoop

/// Tells which of some files have changed on disk, once they have come to rest: a certificate and its key are two files, and
/// some programs write a file in parts.
///
/// What it has told of it tells again, ever more seldom, for as long as nobody puts another in its place: what kept the files from
/// being used may have nothing to do with them. Confined to its loop, except for the looking.
final class FileChanges {
    private typealias Stamps = [String: FileStamp?]

    /// The states that are in use.
    private let known: Stamps
    /// Another state, which the next look has to confirm.
    private var seen: Stamps?
    /// How many looks have found that state since it was confirmed, and at how many it is told of next.
    private var looksSince = 0
    private var nextTelling = 0
    private var looks: FileLooks<[String], Stamps>?

    /// It is told of again after at most that many looks.
    private static let mostLooks = 150

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
                if !paths.isEmpty, isDue(stamps) { changed(paths) }
            })
    }

    private func isDue(_ stamps: Stamps) -> Bool {
        guard stamps == seen else {
            (seen, looksSince, nextTelling) = (stamps, 0, 1)
            return false
        }
        looksSince += 1
        guard looksSince >= nextTelling else { return false }
        // After 2, 6, 14, 30 … looks.
        (looksSince, nextTelling) = (0, min(2 * nextTelling + 2, Self.mostLooks))
        return true
    }

    /// Ends the watch; must be called before the object is freed.
    func stop() {
        looks?.stop()
        looks = nil
    }
}
