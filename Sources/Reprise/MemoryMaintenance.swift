internal import RepriseEventLoop
internal import RepriseVocabulary

/// Gives memory back to the system when many connections have closed.
///
/// glibc keeps what was freed for its own use: without this the process would stay as large as its busiest moment.
/// Confined to the control loop; a trim holds up threads that allocate in the same arena at that moment, so that it
/// comes when half of the connections have closed, and for less only now and then.
final class MemoryMaintenance {
    /// How often it looks at the number of connections.
    static let interval = Duration.seconds(1)
    /// How long a trim for less than half of a crowd waits after the last one.
    static let rest = Duration.seconds(30)
    /// Fewer connections than this are not worth a trim: they take about 4 MiB, and in their handshakes 8.
    static let crowd = 250

    private let takePeak: () -> (open: Int, peak: Int)
    private let release: () -> Void
    /// Workers have been told to release what they keep, which the last trim may have come before.
    private var isReleasing = false
    private let loop: EventLoop
    private var peak = 0
    private var lastTrim: Instant?
    private var hasJustTrimmed = false
    private var timer: LoopEvent?

    /// - Parameter takePeak: open connections now, and the most at once since the last call, which includes a crowd
    ///   that came and went between two looks.
    /// - Parameter release: tells the workers to give back what they keep for libcrypto.
    init(
        loop: EventLoop, takePeak: @escaping () -> (open: Int, peak: Int), release: @escaping () -> Void
    ) {
        self.loop = loop
        self.release = release
        self.takePeak = takePeak
        timer = .timer(on: loop) { [unowned self] in look() }
        timer?.schedule(after: Self.interval)
    }

    /// Ends the maintenance; must be called before the object is freed.
    func stop() {
        loop.assertConfined()
        timer?.close()
        timer = nil
    }

    private func look() {
        loop.assertConfined()
        let (open, recent) = takePeak()
        peak = max(peak, recent)
        let hasRested = lastTrim.map { loop.now - $0 >= Self.rest } ?? true
        // The last of a crowd may be few.
        let isRest = hasJustTrimmed && open < peak
        hasJustTrimmed = isRest || Self.isWorthTrimming(peak: peak, open: open, hasRested: hasRested)
        if hasJustTrimmed {
            release()
            ProcessMemory.giveBack()
            peak = open
            lastTrim = loop.now
        } else if isReleasing {
            ProcessMemory.giveBack()
        }
        isReleasing = hasJustTrimmed
        timer?.schedule(after: Self.interval)
    }

    /// Whether enough of a crowd of `peak` has gone: half of it, or a tenth when the last trim was long ago. Where a
    /// crowd comes on top of many connections that stay, half of all never close.
    static func isWorthTrimming(peak: Int, open: Int, hasRested: Bool) -> Bool {
        let gone = peak - open
        return gone >= crowd && (open <= peak / 2 || hasRested && gone >= peak / 10)
    }
}
