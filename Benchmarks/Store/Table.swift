import Glibc
import RepriseResumption

/// Measures everything and prints it beside its limit.
func printTable(large: Int) throws {
    let small = 10_000
    let rounds = 1_000_000
    let smallLoad = try Load(sessions: small)
    _ = smallLoad.fill()
    _ = timeRounds(smallLoad, rounds: rounds, from: small)
    let smallTimes = timeRounds(smallLoad, rounds: rounds, from: small + rounds)
    let smallCount = InstructionCounter.count(smallLoad)

    let before = residentBytes()
    let load = try Load(sessions: large)
    let longestPut = load.fill()
    let longestTouch = longestFirstTouch(bytes: 1 << 31)
    let resident = residentBytes() - before
    let counts = load.store.counts
    let each = Double(load.store.mappedBytes) / Double(counts.entries)
    let residentEach = Double(resident) / Double(counts.entries)
    row("sessions kept of \(large)", "\(counts.entries)", "\(large)", counts.entries == large)
    row("mapped, GiB", gibibytes(load.store.mappedBytes), "2.200", Double(load.store.mappedBytes) <= 2.2 * 0x1p30)
    row("resident, GiB", gibibytes(resident), "2.200", Double(resident) <= 2.2 * 0x1p30)
    row("mapped bytes per session", decimal(each), decimal(Limit.bytesPerSession), each <= Limit.bytesPerSession)
    row(
        "resident bytes per session", decimal(residentEach), decimal(Limit.bytesPerSession),
        residentEach <= Limit.bytesPerSession)
    let least = fullOverhead(load, counts)
    row("overhead per session when full", decimal(least), decimal(Limit.overhead), least <= Limit.overhead)
    row("longest of \(large) puts, us", decimal(Double(longestPut) / 1000), "1000.0", longestPut < 1_000_000)
    row("longest first touch of a page, us", decimal(Double(longestTouch) / 1000), "-", true)

    let times = timeRounds(load, rounds: rounds, from: large)
    row("put+get median at \(small), ns", "\(smallTimes.median)", "1000", smallTimes.median <= 1000)
    row("put+get median at \(large), ns", "\(times.median)", "1000", times.median <= 1000)
    let longest = longestRound(load, rounds: rounds, from: large + rounds)
    row("longest put+get, us", decimal(Double(longest) / 1000), "1000.0", longest < 1_000_000)
    if let smallCount, let largeCount = InstructionCounter.count(load) {
        let ratio = largeCount / smallCount
        row("instructions at \(small)", decimal(smallCount), "-", true)
        row("instructions at \(large)", decimal(largeCount), decimal(smallCount * 1.05), ratio <= 1.05)
    } else {
        print("instructions: this machine has no counter; count those of oneRound under callgrind")
    }
    try printThreads(sessions: min(large, 1_000_000))
    try flushRows(load)
    let refill = load.fill()
    row("longest put on pages in memory, us", decimal(Double(refill) / 1000), "1000.0", refill < 1_000_000)
    row("longest pause of the machine, us", decimal(Double(longestPause()) / 1000), "-", true)
}

/// A flush as those feel it who use the store meanwhile, and those who use another one: the machine's own pauses.
private func flushRows(_ load: Load) throws {
    let other = try Load(sessions: 1_000_000)
    _ = other.fill()
    var (same, apart) = (UInt64.max, UInt64.max)
    var whole = UInt64.max
    for _ in 0..<2 {
        let flush = flushTimes(load, seenOn: load)
        _ = load.fill()
        let control = flushTimes(load, seenOn: other)
        _ = load.fill()
        (same, apart, whole) = (min(same, flush.longest), min(apart, control.longest), min(whole, control.whole))
    }
    row("flush, ms", decimal(Double(whole) / 1e6), "-", true)
    row("longest put+get meanwhile, us", decimal(Double(same) / 1000), "1000.0", same < 1_000_000)
    row("the same on another store, us", decimal(Double(apart) / 1000), "-", true)
}

/// One thread against two on one store, and two with a store each: what the machine gives to two threads at all.
func printThreads(sessions: Int) throws {
    let rounds = 500_000
    let loads = try (0..<3).map { _ in try Load(sessions: sessions) }
    for load in loads { _ = load.fill() }
    var (one, shared, apart) = (Pace(), Pace(), Pace())
    var first = sessions
    // Whatever else the machine does only slows them down: the best of many runs is the truest.
    func better(_ left: Pace, _ right: Pace) -> Pace {
        Pace(
            wall: max(left.wall, right.wall), own: max(left.own, right.own), sleeps: max(left.sleeps, right.sleeps))
    }
    for _ in 0..<15 {
        one = better(one, pace([loads[0]], rounds: rounds, from: first))
        shared = better(shared, pace([loads[0], loads[0]], rounds: rounds, from: first + rounds))
        apart = better(apart, pace([loads[1], loads[2]], rounds: rounds, from: first))
        first += 3 * rounds
    }
    let (wall, own) = (one.wall * Limit.threads, one.own * Limit.threads)
    row("one thread, million rounds/s", decimal(one.wall, 2), "-", true)
    row("two threads on one store", decimal(shared.wall, 2), decimal(wall, 2), shared.wall >= wall)
    row("two threads with a store each", decimal(apart.wall, 2), "-", true)
    row("one thread, of its own time", decimal(one.own, 2), "-", true)
    row("two on one store, of their own", decimal(shared.own, 2), decimal(own, 2), shared.own >= own)
    row("two, a store each, of their own", decimal(apart.own, 2), "-", true)
    row("sleeps in a million rounds", decimal(shared.sleeps, 1), "-", true)
}

/// What each session costs beside its DER and its name when no more fit, by a store of the same shape.
private func fullOverhead(_ load: Load, _ counts: StoreCounts) -> Double {
    let most = load.store.shardCount * min(load.store.recordBytesPerShard / 200, load.store.sessionsPerShard)
    return Double(load.store.mappedBytes) / Double(most) - Double(Load.sessionBytes + SessionKey.byteCount)
}

private func row(_ name: String, _ value: String, _ limit: String, _ isWithin: Bool) {
    func pad(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
    print(name + pad("", 36 - name.count) + pad(value, 14) + pad(limit, 14) + (isWithin ? "" : "   OVER"))
}

private func gibibytes(_ bytes: Int) -> String {
    decimal(Double(bytes) / 0x1p30, 3)
}

private func decimal(_ value: Double, _ places: Int = 1) -> String {
    var scale = 1
    for _ in 0..<places { scale *= 10 }
    let whole = Int((value * Double(scale)).rounded())
    let rest = String(whole % scale)
    return "\(whole / scale)." + String(repeating: "0", count: places - rest.count) + rest
}
