internal import RepriseTLS
package import RepriseVocabulary

/// Fills a buffer with unpredictable bytes.
package typealias RandomBytes = @Sendable (UnsafeMutableRawBufferPointer) -> Void

/// Seals and opens tickets: a public name, and a key each for AES in CBC mode and for HMAC with SHA-256.
///
/// It prints its name and its times. A copy shares the secrets, which are wiped when the last copy is gone.
package struct TicketKey: Sendable {
    /// How long an AES key may be, in bytes, and a HMAC key.
    package static let keySizes = [16, 32]

    /// Its name in a ticket.
    package let name: TicketKeyName
    /// For AES-128 or AES-256, by its length.
    package let aes: Secret
    /// For HMAC-SHA256: 16 or 32 bytes.
    package let hmac: Secret
    /// When it may begin to seal.
    package internal(set) var notBefore: WallTime
    /// When it ceases to open and to seal.
    package internal(set) var notAfter: WallTime

    /// A key made elsewhere; without times it is valid for ever.
    ///
    /// - Returns: `nil` when a key has a length that is not in ``keySizes``.
    package init?(
        name: TicketKeyName, aes: Secret, hmac: Secret, notBefore: WallTime? = nil, notAfter: WallTime? = nil
    ) {
        guard Self.keySizes.contains(aes.count), Self.keySizes.contains(hmac.count) else { return nil }
        self.name = name
        self.aes = aes
        self.hmac = hmac
        self.notBefore = notBefore ?? .distantPast
        self.notAfter = notAfter ?? .distantFuture
    }

    /// A new key, of 32 bytes each.
    init(minting random: RandomBytes, notBefore: WallTime, notAfter: WallTime) {
        name = TicketKeyName(random)
        aes = Secret(count: 32, random)
        hmac = Secret(count: 32, random)
        self.notBefore = notBefore
        self.notAfter = notAfter
    }

    /// Random bytes of the system (getrandom(2)).
    package static let systemRandom: RandomBytes = { buffer in
        var generator = SystemRandomNumberGenerator()
        for index in stride(from: 0, to: buffer.count, by: 8) {
            withUnsafeBytes(of: generator.next()) { word in
                let room = UnsafeMutableRawBufferPointer(rebasing: buffer[index..<min(index + 8, buffer.count)])
                room.copyMemory(from: UnsafeRawBufferPointer(rebasing: word[..<room.count]))
            }
        }
    }
}

extension TicketKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "ticket key \(name)" }

    package var customMirror: Mirror {
        Mirror(self, children: ["name": name.description, "notBefore": notBefore, "notAfter": notAfter])
    }
}

extension TicketKey {
    /// The part that libcrypto gets.
    var secrets: TicketSecrets {
        name.withBytes { TicketSecrets(name: $0, encryption: aes, authentication: hmac) }
    }
}
