/// Server names as sessions remember them.
enum ServerNameBytes {
    /// Whether a name that a session remembers is the one asked for.
    static func isName(_ remembered: [UInt8], _ asked: [UInt8]?) -> Bool {
        guard let asked else { return remembered.isEmpty }
        return remembered.count == asked.count && zip(remembered, asked).allSatisfy { $0 == lower($1) }
    }

    /// Names are compared without case (RFC 6066 §3), in ASCII.
    static func comparable(_ name: [UInt8]?) -> [UInt8] {
        name.map { $0.map(lower) } ?? []
    }

    private static func lower(_ byte: UInt8) -> UInt8 {
        (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
    }
}
