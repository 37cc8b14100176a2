import Synchronization

/// The format and the colours in force, which a reload changes under the writer.
final class LogStyle: Sendable {
    private let bits: Atomic<UInt8>

    init(format: LogFormat, color: Bool) {
        bits = Atomic(Self.encode(format, color))
    }

    var value: (format: LogFormat, isColored: Bool) {
        get {
            let bits = bits.load(ordering: .relaxed)
            return (bits & 1 == 0 ? .text : .json, bits & 2 != 0)
        }
        set { bits.store(Self.encode(newValue.format, newValue.isColored), ordering: .relaxed) }
    }

    private static func encode(_ format: LogFormat, _ isColored: Bool) -> UInt8 {
        (format == .json ? 1 : 0) | (isColored ? 2 : 0)
    }
}
