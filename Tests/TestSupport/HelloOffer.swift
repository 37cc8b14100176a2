import RepriseVocabulary

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
        guard let offer = record.withUnsafeBytes({ Self(reading: $0) }) else { return nil }
        self = offer
    }

    private init?(reading record: UnsafeRawBufferPointer) {
        var hello = ByteReader(UnsafeRawBufferPointer(rebasing: record.dropFirst(5)))
        guard record.first == 22, hello.byte() == 1, hello.take(3 + 2 + 32) != nil,
            let id = hello.vector8(), hello.vector16() != nil, hello.vector8() != nil
        else { return nil }
        var extensions: [UInt16: ByteReader] = [:]
        var list = hello.vector16()
        while let type = list?.number16(), let body = list?.vector16() { extensions[type] = body }
        // supported_versions tells TLS 1.3, whose ids mean nothing (RFC 8446 §4.1.2); a ticket's id is made up too.
        if extensions[41] != nil {
            self = .psk
        } else if extensions[35]?.isAtEnd == false {
            self = .ticket
        } else {
            self = id.isAtEnd || extensions[43] != nil ? .nothing : .id
        }
    }
}
