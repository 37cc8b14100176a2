internal import Glibc

/// Numbers as all forms of a report write them for people.
enum ReportUnits {
    /// With that many decimals; a number that is too large for them as Swift writes it.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        guard value.isFinite, abs(value) < 1e14 else { return "\(value)" }
        let scale = pow(10, Double(decimals))
        let scaled = Int64((abs(value) * scale).rounded())
        let (whole, part) = scaled.quotientAndRemainder(dividingBy: Int64(scale))
        let sign = value < 0 && scaled != 0 ? "-" : ""
        guard decimals > 0 else { return "\(sign)\(grouped("\(whole)"))" }
        let digits = "\(part)"
        return "\(sign)\(grouped("\(whole)")).\(String(repeating: "0", count: decimals - digits.count))\(digits)"
    }

    /// With three digits that say something.
    static func significant(_ value: Double) -> String {
        switch abs(value) {
        case 99.95...: fixed(value, 0)
        case 9.995...: fixed(value, 1)
        default: fixed(value, 2)
        }
    }

    /// `823µs`, `12.3ms`, `1.23s`, `75.0s`, `12.5min`.
    static func time(_ microseconds: Double) -> String {
        switch abs(microseconds) {
        case 599_500_000...: "\(significant(microseconds / 6e7))min"
        case 999_500...: "\(significant(microseconds / 1e6))s"
        case 999.5...: "\(significant(microseconds / 1e3))ms"
        default:
            microseconds == microseconds.rounded() ? "\(fixed(microseconds, 0))µs" : "\(significant(microseconds))µs"
        }
    }

    /// ``time(_:)`` of a time that may never have been measured.
    static func time(_ microseconds: UInt64?) -> String { microseconds.map { time(Double($0)) } ?? "–" }

    /// A span of the run, which is longer than what is measured in it.
    static func seconds(_ seconds: Double) -> String {
        seconds < 600 ? "\(significant(seconds))s" : "\(fixed(seconds / 60, 1))min"
    }

    /// `512B`, `1.50KiB`, `2.30GiB`.
    static func bytes(_ bytes: Double) -> String {
        var (value, unit) = (bytes, 0)
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        while value >= 999.5, unit < units.count - 1 { (value, unit) = (value / 1024, unit + 1) }
        return unit == 0 ? "\(fixed(value, 0))B" : "\(significant(value))\(units[unit])"
    }

    /// `1,234,567`.
    static func count(_ count: Int) -> String {
        count < 0 ? "-\(grouped("\(count.magnitude)"))" : grouped("\(count)")
    }

    /// `1,234.5/s`.
    static func rate(_ perSecond: Double) -> String {
        "\(abs(perSecond) < 100 ? significant(perSecond) : fixed(perSecond, perSecond < 10_000 ? 1 : 0))/s"
    }

    /// `99.95%`.
    static func share(_ share: Double) -> String { "\(fixed(share * 100, 2))%" }

    /// A share of a whole that may be nothing.
    static func share(_ part: Int, of whole: Int) -> String {
        whole > 0 ? share(Double(part) / Double(whole)) : "–"
    }

    /// A number of unknown meaning: whole where it is whole.
    static func number(_ value: Double) -> String {
        value == value.rounded() ? fixed(value, 0) : fixed(value, 3)
    }

    private static func grouped(_ digits: String) -> String {
        var result = ""
        for (place, digit) in digits.enumerated() {
            if place > 0, (digits.count - place).isMultiple(of: 3) { result.append(",") }
            result.append(digit)
        }
        return result
    }
}
