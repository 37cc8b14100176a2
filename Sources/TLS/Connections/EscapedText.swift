extension String {
    /// The bytes as printable ASCII; what is not, and the backslash, becomes `\xNN`.
    ///
    /// For bytes that a peer or a file chose and that end in a log line: no line break, no terminal sequence passes.
    init(escaping bytes: some Sequence<UInt8>) {
        self = ""
        for byte in bytes {
            if (0x20...0x7e).contains(byte), byte != UInt8(ascii: "\\") {
                append(Character(Unicode.Scalar(byte)))
            } else {
                append("\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
            }
        }
    }
}
