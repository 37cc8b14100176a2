/// Which of several names a client asks for.
package enum NameChoice: Sendable, Hashable {
    /// One as often as the other.
    case uniform
    /// The first the most: the *n*-th as often as 1/*n* to the power of that (Zipf's law), as with hosts of the web.
    case zipf(Double)

    /// The exponent where none is written.
    package static let commonExponent = 1.0

    /// Reads `uniform`, `zipf` or `zipf:1.2`.
    package init(parsing text: String) throws(ParseFault) {
        var scanner = Scanner(text)
        if scanner.take("uniform") {
            self = .uniform
        } else if scanner.take("zipf") {
            guard scanner.take(":") else {
                self = .zipf(Self.commonExponent)
                guard scanner.isAtEnd else { throw scanner.fault("expected nothing more, or \":\" and an exponent") }
                return
            }
            let start = scanner
            let exponent = try scanner.number("an exponent, as in zipf:1.2")
            guard exponent > 0, exponent <= 10 else { throw start.fault("expected more than 0 and at most 10") }
            self = .zipf(exponent)
        } else {
            throw scanner.fault("expected uniform, zipf or zipf:EXPONENT")
        }
        guard scanner.isAtEnd else { throw scanner.fault("expected nothing more") }
    }
}

/// Draws one of several names, by their numbers.
package struct NameDraw: Sendable {
    /// The sum of the shares up to each, the last 1.
    private let sums: [Double]

    package init(_ choice: NameChoice, among count: Int) {
        let exponent = if case .zipf(let exponent) = choice { exponent } else { 0.0 }
        var sum = 0.0
        let sums = (1...max(1, count)).map { number in
            sum += power(Double(number), -exponent)
            return sum
        }
        self.sums = sums.map { $0 / sum }
    }

    /// One by chance.
    package func pick(_ random: inout SeededRandom) -> Int {
        guard sums.count > 1 else { return 0 }
        let mark = random.fraction()
        var (low, high) = (0, sums.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > mark { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// Another than that; the same where there is no other.
    package func pick(otherThan number: Int, _ random: inout SeededRandom) -> Int {
        guard sums.count > 1 else { return number }
        let picked = pick(&random)
        return picked == number ? (number + 1) % sums.count : picked
    }
}
