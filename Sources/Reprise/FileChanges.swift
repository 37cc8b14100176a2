internal import RepriseEventLoop

/// Tells which of some files have changed on disk, once they have come to rest: a certificate and its key are two files, and
/// some programs write a file in parts.
///
/// What it has told of it tells again, ever more seldom, for as long as nobody puts another in its place: what kept the files from
/// being used may have nothing to do with them. Confined to its loop, except for the looking.
final class FileChanges {
    /// A file that is in another state than the one in use.
    private struct Difference: Equatable, Sendable {
        /// Its index among those watched.
        let index: Int
        let stamp: FileStamp?
    }

    /// What the last look found, which the next one has to confirm; empty when it found nothing.
    private var seen: [Difference] = []
    /// How many looks have found that state since it was confirmed, and at how many it is told of next.
    private var looksSince = 0
    private var nextTelling = 0
    private var looks: FileLooks<Void, [Difference]>?

    /// It is told of again after at most that many looks.
    private static let mostLooks = 150

    /// - Parameters:
    ///   - stamps: the files' states when they were last read, by their paths.
    ///   - changed: gets the paths of those that have changed, unless ``stop()`` came first. It may stop this.
    init(
        of stamps: [String: FileStamp?], every interval: Duration, from source: ConfigurationSource, loop: EventLoop,
        changed: @escaping ([String]) -> Void
    ) {
        guard !stamps.isEmpty else { return }
        // Of ten thousand hosts there are twenty thousand files: a look walks them, and only what differs leaves its thread.
        let files = stamps.sorted { $0.key < $1.key }.map { (path: $0.key, stamp: $0.value) }
        looks = FileLooks(
            loop: loop, every: interval, known: {},
            look: {
                files.indices.compactMap { index in
                    let stamp = source.stamp(files[index].path)
                    return stamp == files[index].stamp ? nil : Difference(index: index, stamp: stamp)
                }
            },
            take: { [unowned self] differences in
                if isDue(differences) { changed(differences.map { files[$0.index].path }) }
            })
    }

    private func isDue(_ differences: [Difference]) -> Bool {
        guard differences == seen else {
            (seen, looksSince, nextTelling) = (differences, 0, 1)
            return false
        }
        guard !seen.isEmpty else { return false }
        looksSince += 1
        guard looksSince >= nextTelling else { return false }
        // After 2, 6, 16, 38 … looks.
        (looksSince, nextTelling) = (0, min(2 * nextTelling + 2, Self.mostLooks))
        return true
    }

    /// Ends the watch; must be called before the object is freed.
    func stop() {
        looks?.stop()
        looks = nil
    }
}
