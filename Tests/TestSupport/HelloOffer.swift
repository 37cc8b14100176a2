/// What a ClientHello offers to resume.
package enum HelloOffer: String, Sendable {
    case nothing = "not offered"
    case id
    case ticket
    case psk

    /// Reads a ClientHello.
    ///
    /// - Parameter record: the TLS record that holds it, header and all.
    /// - Returns: `nil` when it is none, or is cut off.
    package init?(record: [UInt8]) {
        var hello = ByteReader(record.dropFirst(5))
        guard record.first == 22, hello.number(1) == 1, hello.bytes(3 + 2 + 32) != nil,
            let id = hello.vector(1), hello.vector(2) != nil, hello.vector(1) != nil
        else { return nil }
        var extensions: [Int: ArraySlice<UInt8>] = [:]
        var list = ByteReader(hello.vector(2) ?? [])
        while let type = list.number(2), let body = list.vector(2) { extensions[type] = body }
        // supported_versions tells TLS 1.3, whose ids mean nothing (RFC 8446 §4.1.2); a ticket's id is made up too.
        if extensions[41] != nil {
            self = .psk
        } else if extensions[35]?.isEmpty == false {
            self = .ticket
        } else {
            self = id.isEmpty || extensions[43] != nil ? .nothing : .id
        }
    }
}

/// Takes numbers and vectors off the front of bytes (RFC 8446 §3).
private struct ByteReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func number(_ size: Int) -> Int? { bytes(size)?.reduce(0) { $0 << 8 | Int($1) } }
    mutating func vector(_ size: Int) -> ArraySlice<UInt8>? { number(size).flatMap { bytes($0) } }
}
