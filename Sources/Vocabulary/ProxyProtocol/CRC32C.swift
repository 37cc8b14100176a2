/// The CRC-32C of RFC 4960, appendix B, that PROXY protocol headers carry.
enum CRC32C {
    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0x82f6_3b78 : rest >> 1 }
    }

    static func of(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~UInt32(0)) { sum, byte in
            sum >> 8 ^ table[Int(truncatingIfNeeded: sum ^ UInt32(byte)) & 0xff]
        }
    }
}
