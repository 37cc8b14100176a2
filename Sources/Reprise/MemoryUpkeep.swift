internal import EventLoop

/// Gives memory back to the system when a crowd of connections has gone.
///
/// glibc keeps what was freed for its own use: without this the process would stay as large as its busiest moment.
/// Confined to the control loop; a trim holds up whoever allocates in the same arena at that moment, so that it comes
/// only when the crowd has become half as large.
final class MemoryUpkeep {
    /// How often the number of connections is looked at.
    static let interval = Duration.seconds(1)
    /// Fewer connections than this are not worth a trim: 1,000 take about 15 MiB.
    static let crowd = 1000

    private let takePeak: () -> (open: Int, peak: Int)
    private var peak = 0
    private var timer: LoopTimer?

    /// - Parameter takePeak: open connections now, and at the most since the last call: a crowd that has come and gone
    ///   between two looks is counted where connections open.
    init(loop: EventLoop, takePeak: @escaping () -> (open: Int, peak: Int)) {
        self.takePeak = takePeak
        timer = LoopTimer(loop: loop) { [unowned self] in look() }
        timer?.schedule(after: Self.interval)
    }

    /// Ends the upkeep; must be called before the object goes.
    func stop() {
        timer?.close()
        timer = nil
    }

    private func look() {
        let (open, recent) = takePeak()
        peak = max(peak, recent)
        if Self.isWorthTrimming(peak: peak, open: open) {
            ProcessMemory.giveBack()
            peak = open
        }
        timer?.schedule(after: Self.interval)
    }

    /// Whether a crowd of `peak` has become half as large.
    static func isWorthTrimming(peak: Int, open: Int) -> Bool {
        peak >= crowd && open <= peak / 2
    }
}
