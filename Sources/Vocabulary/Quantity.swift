/// A decimal number without sign or exponent, held exactly as digits over a power of ten.
struct DecimalNumber {
    let digits: Int64
    let scale: Int64

    /// The product as a whole number, or `nil` where it is a fraction or does not fit.
    func multiplied(by factor: Int64) -> Int64? {
        let (product, overflow) = digits.multipliedReportingOverflow(by: factor)
        guard !overflow, product % scale == 0 else { return nil }
        return product / scale
    }
}

/// Splits `1.5h` into its number and its unit; `nil` when there is no number in front, or too long a one.
func splitQuantity(_ text: String) -> (number: DecimalNumber, unit: String)? {
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let parts = number.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }), let digits = Int64(parts.joined()) else { return nil }
    let decimals = parts.count == 2 ? parts[1].count : 0
    guard decimals <= 9 else { return nil }
    let scale = (0..<decimals).reduce(Int64(1)) { scale, _ in scale * 10 }
    return (DecimalNumber(digits: digits, scale: scale), String(text[number.endIndex...]))
}

extension Duration {
    /// Reads a number with one of the units ms, s, m, h, d: `20ms`, `1.5h`.
    ///
    /// - Returns: `nil` when the text is anything else: no unit, negative, finer than a nanosecond, above 292 years.
    public init?(parsing text: String) {
        guard let (number, unit) = splitQuantity(text) else { return nil }
        let factors: [String: Int64] = [
            "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000, "h": 3_600_000_000_000,
            "d": 86_400_000_000_000,
        ]
        guard let factor = factors[unit], let nanoseconds = number.multiplied(by: factor) else { return nil }
        self = .nanoseconds(nanoseconds)
    }

    /// The form a configuration file uses, in the largest unit that is exact: `20ms`, `90s`, `2h`.
    public var written: String {
        let nanoseconds = wholeNanoseconds
        let units: [(String, Int64)] = [
            ("d", 86_400_000_000_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000),
        ]
        for (unit, factor) in units where nanoseconds != 0 && nanoseconds % factor == 0 {
            return "\(nanoseconds / factor)\(unit)"
        }
        return "\(nanoseconds / 1_000_000)ms"
    }
}
