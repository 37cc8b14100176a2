/// Draws indices in proportion to their weights, exactly and in constant time: Walker's alias method, with Vose's tables in
/// whole numbers.
struct WeightedDraw: Sendable {
    /// A column is an index, and above the threshold its alias.
    private struct Column {
        var threshold: UInt32
        var alias: UInt32
    }

    private let columns: [Column]
    private let total: UInt32

    /// - Parameter weights: at least one, each at least 1, with a sum below 2³².
    init(_ weights: [Int]) {
        let total = weights.reduce(0, +)
        self.total = UInt32(total)
        var columns = weights.indices.map { Column(threshold: UInt32(total), alias: UInt32($0)) }
        var left = weights.map { $0 * weights.count }
        var small = left.indices.filter { left[$0] < total }
        var large = left.indices.filter { left[$0] >= total }
        while let low = small.popLast(), let high = large.last {
            columns[low] = Column(threshold: UInt32(left[low]), alias: UInt32(high))
            left[high] -= total - left[low]
            if left[high] < total { small.append(large.removeLast()) }
        }
        self.columns = columns
    }

    /// The index that a random number leads to.
    func callAsFunction(_ random: UInt64) -> Int {
        // Both halves as fractions: the bias is below 2⁻¹⁶ of a weight.
        let index = Int(((random >> 32) &* UInt64(columns.count)) >> 32)
        let height = UInt32(truncatingIfNeeded: ((random & 0xffff_ffff) &* UInt64(total)) >> 32)
        return height < columns[index].threshold ? index : Int(columns[index].alias)
    }
}
