package import Vocabulary

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
    case address(IPAddress)
    case ending(Ending)
    case failure(HandshakeFailure)
    case connection(ConnectionID)

    /// A count of bytes or things, as the relay keeps them.
    package static func count(_ count: UInt64) -> LogValue {
        .int(Int64(clamping: count))
    }
}

extension LogValue: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) {
        self = .string(value)
    }
}
