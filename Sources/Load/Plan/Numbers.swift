internal import Glibc

func log(_ value: Double) -> Double { Glibc.log(value) }
func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }

extension Duration {
    /// In seconds.
    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }

    static func fromSeconds(_ seconds: Double) -> Duration { .nanoseconds(Int64((seconds * 1e9).rounded())) }
}

extension Double {
    /// With as many digits as say something.
    var short: String {
        let rounded = (self * 1000).rounded() / 1000
        return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
    }
}
