/// Some servers of a group, by their indices. Up to 64 servers, it allocates nothing.
struct ServerSet: Sendable, Equatable {
    private static let few = 64

    private var first: UInt64 = 0
    /// For the servers behind the first 64; empty while none of them is in it.
    private var others: [UInt64] = []
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    func contains(_ index: Int) -> Bool {
        guard index >= Self.few else { return first >> UInt64(index) & 1 == 1 }
        let word = index / 64 - 1
        return word < others.count && others[word] >> UInt64(index % 64) & 1 == 1
    }

    /// Adds a server.
    ///
    /// - Parameter total: how many servers there are.
    mutating func insert(_ index: Int, of total: Int) {
        guard !contains(index) else { return }
        count += 1
        guard index >= Self.few else {
            first |= 1 << UInt64(index)
            return
        }
        if others.isEmpty { others = Array(repeating: 0, count: (total - 1) / 64) }
        others[index / 64 - 1] |= 1 << UInt64(index % 64)
    }

    /// Takes a server out.
    mutating func remove(_ index: Int) {
        guard contains(index) else { return }
        count -= 1
        if index < Self.few {
            first &= ~(1 << UInt64(index))
        } else {
            others[index / 64 - 1] &= ~(1 << UInt64(index % 64))
        }
    }

    /// Adds those of another set of the same group. It allocates only where both have some behind the first 64.
    mutating func formUnion(_ other: ServerSet) {
        guard !other.isEmpty else { return }
        guard !isEmpty else { return self = other }
        first |= other.first
        if others.isEmpty {
            others = other.others
        } else {
            for word in other.others.indices { others[word] |= other.others[word] }
        }
        count = others.reduce(first.nonzeroBitCount) { $0 + $1.nonzeroBitCount }
    }
}
