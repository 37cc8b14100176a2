internal import Vocabulary

/// The extensions of a ClientHello that decide things, read strictly (RFC 8446 §4.2, RFC 6066 §3, RFC 7301 §3.1).
enum ClientHelloExtensions {
    /// What a server_name extension holds.
    enum AskedName: Equatable {
        /// A host name that a host may answer to.
        case name(ServerName)
        /// Well-formed, but no DNS name (an address literal, a space): no host answers to it.
        case unservable(String)
        case malformed
    }

    /// Reads the extension's body: a list with exactly one host_name of 1 to 255 bytes without zeros.
    static func serverName(_ body: UnsafeRawBufferPointer) -> AskedName {
        guard body.count >= 5, number(body, at: 0) == body.count - 2 else { return .malformed }
        // host_name is the only type there is, and one of each type is allowed.
        guard body[2] == 0, number(body, at: 3) == body.count - 5 else { return .malformed }
        let name = body[5...]
        guard (1...255).contains(name.count), !name.contains(0) else { return .malformed }
        let text = String(decoding: name, as: UTF8.self)
        // A last label of digits makes it an IPv4 literal, which RFC 6066 forbids here.
        guard let name = ServerName(text), IPAddress(parsing: name.text) == nil else { return .unservable(text) }
        return .name(name)
    }

    /// Whether a list of protocol names is well-formed: at least one, none empty.
    static func isProtocolNameList(_ body: UnsafeRawBufferPointer) -> Bool {
        guard body.count >= 4, number(body, at: 0) == body.count - 2 else { return false }
        var index = 2
        while index < body.count {
            let length = Int(body[index])
            guard length > 0, index + 1 + length <= body.count else { return false }
            index += 1 + length
        }
        return true
    }

    /// Whether a client's supported_versions is well-formed: 1 to 127 versions of two bytes.
    static func isVersionList(_ body: UnsafeRawBufferPointer) -> Bool {
        guard body.count >= 3 else { return false }
        let length = Int(body[0])
        return length == body.count - 1 && length >= 2 && length % 2 == 0
    }

    private static func number(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Int {
        Int(bytes[index]) << 8 | Int(bytes[index + 1])
    }
}
