/// The servers that one connection has tried already. Up to 64 servers, it allocates nothing.
struct TriedServers: Sendable {
    private static let few = 64

    private var first: UInt64 = 0
    /// For the servers behind the first 64.
    private var others: [UInt64] = []
    private(set) var count = 0

    func contains(_ index: Int) -> Bool {
        guard index >= Self.few else { return first >> UInt64(index) & 1 == 1 }
        let word = index / 64 - 1
        return word < others.count && others[word] >> UInt64(index % 64) & 1 == 1
    }

    /// Adds one that it does not contain.
    ///
    /// - Parameter total: how many servers there are.
    mutating func insert(_ index: Int, of total: Int) {
        count += 1
        guard index >= Self.few else {
            first |= 1 << UInt64(index)
            return
        }
        if others.isEmpty { others = Array(repeating: 0, count: (total - 1) / 64) }
        others[index / 64 - 1] |= 1 << UInt64(index % 64)
    }
}
