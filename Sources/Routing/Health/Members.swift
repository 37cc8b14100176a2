internal import RepriseVocabulary

/// The servers of one generation of a group, by their index, and the rules that it has for them.
struct Members: Sendable {
    /// Their slots in the ``LoadTable``.
    var slots: [Int] = []
    var weights: [Int] = []
    /// Those that come in only when no other is left.
    var backups = ServerSet()
    /// Those whose names have no addresses yet.
    var unresolved = ServerSet()
    /// How many connections each may have; 0 for any number.
    var limits: [Int] = []
    /// Whether the least loaded will be asked for.
    var inOrder = false
    var ejection = EjectionRule.never
    /// `nil` where no checks are made.
    var check: CheckRule?
    /// How long a server that comes back gets fewer connections; zero for not at all.
    var slowStart = Duration.zero

    /// Whether a server of that load may have no more.
    func isFull(_ index: Int, load: Int) -> Bool { limits[index] > 0 && load >= limits[index] }

    /// Whether one more may be ejected, beside those that are.
    func mayEject(besides ejected: Int) -> Bool { (ejected + 1) * 100 <= ejection.most * slots.count }
}

/// Which servers of a generation get no connections, or fewer.
struct Exclusions: Sendable {
    /// Those that get none as long as another is left: down, drained, ejected, backup.
    private(set) var usual = ServerSet()
    /// The same without backups.
    private(set) var withoutBackups = ServerSet()
    /// Those that get none at all: down and drained.
    private(set) var always = ServerSet()
    private(set) var down = ServerSet()
    private(set) var ejected = ServerSet()
    /// Those that may get less than their weight says.
    private(set) var partial = ServerSet()

    init() {}

    init(_ members: Members, _ condition: (Int) -> ServerCondition) {
        let total = members.slots.count
        for (index, slot) in members.slots.enumerated() {
            let condition = condition(slot)
            if condition.isDown { down.insert(index, of: total) }
            if condition.isDown || condition.isDrained { always.insert(index, of: total) }
            if condition.isEjected { ejected.insert(index, of: total) }
            if condition.percent < 100 || members.slowStart > .zero && condition.upSince != nil {
                partial.insert(index, of: total)
            }
        }
        withoutBackups = always
        withoutBackups.formUnion(ejected)
        usual = withoutBackups
        usual.formUnion(members.backups)
    }

    /// Whether nobody is treated differently.
    var isEmpty: Bool { usual.isEmpty && partial.isEmpty }
}

extension ServerCondition {
    /// How much of its weight it gets now, in 1,024ths.
    func share(at now: Instant, slowStart: Duration) -> UInt64 {
        let whole = UInt64(percent) * 1024 / 100
        guard slowStart > .zero, let upSince, now - upSince < slowStart else { return whole }
        let risen = max(0, (now - upSince) / slowStart)
        // At least a little, so that it is found out whether it works.
        return max(whole == 0 ? 0 : 32, UInt64(Double(whole) * risen))
    }
}
