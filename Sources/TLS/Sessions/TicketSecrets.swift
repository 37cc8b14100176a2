package import RepriseVocabulary

/// What one ticket key seals with: RFC 5077 §4's construction, a cipher in CBC mode and an HMAC over the result.
package struct TicketSecrets: Sendable {
    /// How many bytes the name in front of each ticket has.
    package static let nameBytes = 16

    private let name: (UInt64, UInt64)
    /// A key for AES-CBC: 16 or 32 bytes.
    package let encryption: Secret
    /// A key for HMAC-SHA-256: 16 or 32 bytes.
    package let authentication: Secret

    /// - Precondition: the sizes are those above.
    package init(name: UnsafeRawBufferPointer, encryption: Secret, authentication: Secret) {
        precondition(name.count == Self.nameBytes, "a key's name of \(name.count) bytes")
        precondition([16, 32].contains(encryption.count), "an AES key of \(encryption.count) bytes")
        precondition([16, 32].contains(authentication.count), "an HMAC key of \(authentication.count) bytes")
        self.name = (
            name.loadUnaligned(fromByteOffset: 0, as: UInt64.self),
            name.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        )
        self.encryption = encryption
        self.authentication = authentication
    }

    /// Puts the public name in front of a ticket.
    func putName(at target: UnsafeMutableRawPointer) {
        withUnsafeBytes(of: name) {
            target.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(target), byteCount: $0.count)
        }
    }
}

/// Whether there is a key that opens a ticket.
package enum TicketKeyAnswer: Sendable {
    /// The key that seals new tickets too.
    case newest(TicketSecrets)
    /// A key that only opens: the ticket is worth renewing.
    case older(TicketSecrets)
    /// No key of that name, or its time is over.
    case none
}
