internal import RepriseEventLoop
internal import RepriseVocabulary

/// Reads files again when they have changed on disk.
///
/// Confined to the control loop, except for the looking and the reading (``FileLooks``).
final class FileWatch<Content: Sendable> {
    /// Files that are read together, again when one of them has changed.
    struct Files: Sendable {
        let paths: [String]
        /// Their states when they were last read, in the order of the paths.
        var stamps: [FileStamp?]
        /// Reads them all, on a thread of its own.
        let read: @Sendable () -> Content
    }

    /// The content of files that have changed.
    private struct Change: Sendable {
        /// Their index among those watched.
        let index: Int
        let stamps: [FileStamp?]
        let content: Content
    }

    private let loop: EventLoop
    private var watched: [Files]
    private var looks: FileLooks<[Files], [Change]>?

    /// - Parameter take: gets on the loop which of the watched files were read, and their content, unless ``stop()``
    ///   came first.
    init(
        _ files: [Files], every interval: Duration, from source: ConfigurationSource, loop: EventLoop,
        take: @escaping (_ index: Int, _ content: Content) -> Void
    ) {
        self.loop = loop
        watched = files
        guard !files.isEmpty else { return }
        looks = FileLooks(
            loop: loop, every: interval, known: { [unowned self] in watched },
            look: { watched in
                watched.enumerated().compactMap { index, files in
                    // The stamps come before the content: the next look sees a write in between.
                    let stamps = files.paths.map { source.stamp($0) }
                    return stamps == files.stamps ? nil : Change(index: index, stamps: stamps, content: files.read())
                }
            },
            take: { [unowned self] changes in
                for change in changes {
                    watched[change.index].stamps = change.stamps
                    take(change.index, change.content)
                }
            })
    }

    /// Ends the watch; must be called before the object is freed. The result of a read under way is dropped.
    func stop() {
        loop.assertConfined()
        looks?.stop()
        looks = nil
    }
}
