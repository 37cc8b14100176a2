/// One full cycle of smooth weighted round robin: each server as often as its weight says, spread as evenly as
/// possible.
///
/// Weights 5, 1, 1 give a a b a c a a, not a a a a a b c. Because the order is computed ahead, a choice costs one
/// atomic addition for any number of servers.
struct WeightedCycle: Sendable, Hashable {
    /// The most entries a cycle has; weights whose sum is larger are scaled down to it, never below 1.
    static let maximumLength = 65_536

    /// Indices of servers, in the order of their turns.
    let order: [UInt16]

    /// The cycle of those weights, 1 to 65,535 of them, each at least 1.
    init(weights: [Int]) {
        precondition((1...Int(UInt16.max)).contains(weights.count), "a cycle of \(weights.count) servers")
        let shares = Self.reduced(weights)
        guard Set(shares).count > 1 else {
            order = weights.indices.map(UInt16.init)
            return
        }
        let total = shares.reduce(0, +)
        var credit = [Int](repeating: 0, count: shares.count)
        var order: [UInt16] = []
        order.reserveCapacity(total)
        for _ in 0..<total {
            var best = 0
            for index in shares.indices {
                credit[index] += shares[index]
                if credit[index] > credit[best] { best = index }
            }
            credit[best] -= total
            order.append(UInt16(best))
        }
        self.order = order
    }

    private static func reduced(_ weights: [Int]) -> [Int] {
        let divisor = weights.reduce(0, greatestCommonDivisor)
        let shares = weights.map { $0 / divisor }
        let total = shares.reduce(0, +)
        guard total > maximumLength else { return shares }
        return shares.map { max(1, $0 * maximumLength / total) }
    }

    private static func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
        right == 0 ? left : greatestCommonDivisor(right, left % right)
    }
}
