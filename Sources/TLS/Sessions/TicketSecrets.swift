package import Vocabulary

/// What one ticket key seals with: RFC 5077 §4's construction, a cipher in CBC mode and an HMAC over the result.
package final class TicketSecrets: Sendable {
    /// How many bytes the name in front of each ticket has.
    package static let nameBytes = 16

    /// The public name; ``nameBytes`` bytes.
    package let name: [UInt8]
    /// A key for AES-CBC: 16 or 32 bytes.
    package let encryption: Secret
    /// A key for HMAC-SHA-256: 16 or 32 bytes.
    package let authentication: Secret

    /// - Precondition: the sizes are those above.
    package init(name: [UInt8], encryption: Secret, authentication: Secret) {
        precondition(name.count == Self.nameBytes, "a key's name of \(name.count) bytes")
        precondition([16, 32].contains(encryption.count), "an AES key of \(encryption.count) bytes")
        precondition([16, 32].contains(authentication.count), "an HMAC key of \(authentication.count) bytes")
        self.name = name
        self.encryption = encryption
        self.authentication = authentication
    }
}
