import RepriseLoad
import Testing

/// The search for the highest rate at which a condition holds, on servers that are only a number.
@Suite struct LimitSearchTests {
    /// What is found of a server that follows up to a rate, and in how many steps.
    private func search(from start: Double, limit: Double) -> (found: Double, steps: Int) {
        var search = LimitSearch(lowest: 1)
        var (rate, steps) = (start, 0)
        while true {
            steps += 1
            switch search.took(rate, holds: rate <= limit) {
            case .attempt(let next): rate = next
            case .found(let found): return (found, steps)
            }
        }
    }

    @Test(arguments: [3.0, 99, 100, 101, 777, 12_345, 250_000])
    func `what is found is below the limit, and close to it`(limit: Double) {
        let (found, steps) = search(from: 100, limit: limit)
        #expect(found <= limit && found * LimitSearch.precision >= limit, "\(found)")
        #expect(steps <= LimitSearch.steps, "\(steps)")
    }

    @Test func `a server that never holds ends the search`() {
        #expect(search(from: 100, limit: 0) == (0, 7))
    }

    @Test func `a server without a limit ends the search`() {
        let (found, steps) = search(from: 100, limit: .infinity)
        #expect(found > 5_000_000 && steps <= LimitSearch.steps)
    }
}
