/// A consistent hash: points on a ring of 64-bit numbers, from the servers' ids alone, so that every machine with the same ids
/// and weights has the same ring, and a server that leaves moves only what was its own.
struct HashRing: Sendable {
    /// Points of a server of mean weight; its share then differs from others' by some 6 %.
    static let pointsPerServer = 256
    /// The most points of a ring, but one for each server.
    static let maximumPoints = 1 << 20

    private let points: [UInt64]
    /// The indices of the servers that the points belong to.
    private let owners: [UInt16]
    /// For each value of a hash's first bits, the first point that is not before it: the rest of the search is a step or two.
    private let starts: [UInt32]
    private let shift: UInt64

    /// - Parameters:
    ///   - ids: the servers' ids, all different.
    ///   - weights: as many, each at least 1.
    init(ids: [String], weights: [Int]) {
        let total = weights.reduce(0, +)
        let each = min(Self.pointsPerServer, Self.maximumPoints / ids.count)
        // The order of the file must not matter, not even where two points are equal.
        let order = ids.indices.sorted { ids[$0] < ids[$1] }
        var entries: [(point: UInt64, rank: UInt16)] = []
        entries.reserveCapacity(each * ids.count + ids.count)
        for (rank, index) in order.enumerated() {
            var hash = StableHash(4)
            hash.absorb(ids[index].utf8)
            let seed = hash.value
            let count = max(1, (each * weights[index] * ids.count + total / 2) / total)
            for number in 0..<count {
                entries.append((StableHash.mixed(seed ^ StableHash.mixed(UInt64(number))), UInt16(rank)))
            }
        }
        entries.sort { ($0.point, $0.rank) < ($1.point, $1.rank) }
        points = entries.map(\.point)
        owners = entries.map { UInt16(order[Int($0.rank)]) }
        let bits = UInt64(Int.bitWidth - 1 - entries.count.leadingZeroBitCount)
        shift = 64 - bits
        var starts: [UInt32] = []
        starts.reserveCapacity(1 << bits)
        var next = 0
        for value in 0..<(UInt64(1) << bits) {
            while next < points.count, points[next] < value << shift { next += 1 }
            starts.append(UInt32(next))
        }
        self.starts = starts
    }

    /// How many points it has.
    var count: Int { points.count }

    /// The place of the first point that is not before the hash.
    func place(of hash: UInt64) -> Int {
        var place = Int(starts[Int(hash >> shift)])
        while place < points.count, points[place] < hash { place += 1 }
        return place < points.count ? place : 0
    }

    /// The place that follows.
    func place(after place: Int) -> Int { place + 1 < points.count ? place + 1 : 0 }

    /// The index of the server at a place.
    func owner(at place: Int) -> Int { Int(owners[place]) }
}
