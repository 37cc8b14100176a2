import RepriseVocabulary

/// Keys that come from outside: the first valid one seals, all that are not past open.
struct FixedTicketKeys: Sendable {
    /// In the order in which they would seal.
    private(set) var keys: [TicketKey]

    func sealing(at time: WallTime) -> TicketKey? {
        keys.first { $0.notBefore <= time && time < $0.notAfter }
    }

    /// The key of that name, and whether none that comes after it in the order seals.
    func find(_ name: TicketKeyName, at time: WallTime) -> (key: TicketKey, isNewest: Bool)? {
        guard let index = keys.firstIndex(where: { $0.name == name }) else { return nil }
        let sealing = keys.firstIndex { $0.notBefore <= time && time < $0.notAfter }
        return (keys[index], sealing.map { index <= $0 } ?? true)
    }

    /// Whether a key is past for good.
    func hasPast(_ believed: WallTime) -> Bool { keys.contains { $0.notAfter <= believed } }

    /// Drops the keys that are past, and returns their names.
    mutating func drop(believed: WallTime) -> [TicketKeyName] {
        let past = keys.filter { $0.notAfter <= believed }.map(\.name)
        keys.removeAll { $0.notAfter <= believed }
        return past
    }
}
