internal import RepriseEventLoop
internal import RepriseVocabulary

/// Gives memory back to the system when a crowd of connections has gone.
///
/// glibc keeps what was freed for its own use: without this the process would stay as large as its busiest moment.
/// Confined to the control loop; a trim holds up whoever allocates in the same arena at that moment, so that it comes
/// when the crowd has become half as large, and for less only now and then.
final class MemoryMaintenance {
    /// How often the number of connections is looked at.
    static let interval = Duration.seconds(1)
    /// How long a trim for less than half of a crowd waits after the last one.
    static let rest = Duration.seconds(30)
    /// Fewer connections than this are not worth a trim: they take about 4 MiB, and in their handshakes 8.
    static let crowd = 250

    private let takePeak: () -> (open: Int, peak: Int)
    private let loop: EventLoop
    private var peak = 0
    private var lastTrim: Instant?
    private var hasJustTrimmed = false
    private var timer: LoopEvent?

    /// - Parameter takePeak: open connections now, and at the most since the last call: a crowd that has come and gone
    ///   between two looks is counted where connections open.
    init(loop: EventLoop, takePeak: @escaping () -> (open: Int, peak: Int)) {
        self.loop = loop
        self.takePeak = takePeak
        timer = .timer(on: loop) { [unowned self] in look() }
        timer?.schedule(after: Self.interval)
    }

    /// Ends the maintenance; must be called before the object goes.
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
            ProcessMemory.giveBack()
            peak = open
            lastTrim = loop.now
        }
        timer?.schedule(after: Self.interval)
    }

    /// Whether enough of a crowd of `peak` has gone: half of it, or a tenth when the last trim was long ago. Where a crowd
    /// comes on top of many who stay, half of all never goes.
    static func isWorthTrimming(peak: Int, open: Int, hasRested: Bool) -> Bool {
        let gone = peak - open
        return gone >= crowd && (open <= peak / 2 || hasRested && gone >= peak / 10)
    }
}
