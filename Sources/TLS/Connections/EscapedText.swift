extension String {
    /// The bytes as printable ASCII; any other byte, and the backslash, becomes `\xNN`.
    ///
    /// For bytes that a peer or a file chose and that end in a log line: no line break, no terminal sequence passes.
    init(escaping bytes: some Collection<UInt8>) {
        guard !bytes.allSatisfy(Self.isPlain) else {
            self = String(decoding: bytes, as: UTF8.self)
            return
        }
        self = ""
        for byte in bytes {
            if Self.isPlain(byte) {
                append(Character(Unicode.Scalar(byte)))
            } else {
                append("\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
            }
        }
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        (0x20...0x7e).contains(byte) && byte != UInt8(ascii: "\\")
    }
}
