package import RepriseVocabulary

/// A field's value.
///
/// It is put into words by the writer's thread, so that a loop only hands over what it has.
package enum LogValue: Sendable, Hashable {
    case string(String)
    case int(Int64)
    case double(Double)
    case bool(Bool)
    /// Written in milliseconds with three decimals; the field's key ends in `_ms`.
    case duration(Duration)
    case endpoint(Endpoint)
}

extension LogValue: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) {
        self = .string(value)
    }
}
