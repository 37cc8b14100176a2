import RepriseResumption
import RepriseVocabulary

/// The fixed clock's start: 2026-01-01T00:00:00Z.
let start: Int64 = 1_767_225_600

func at(_ seconds: Int64) -> WallTime { WallTime(secondsSinceEpoch: start + seconds) }

extension TicketRotation {
    /// A rotation in seconds that is known to work.
    static func seconds(_ rotate: Int64, lifetime: Int64) throws -> TicketRotation {
        try TicketRotation(rotate: .seconds(rotate), ticketLifetime: .seconds(lifetime))
    }
}

extension TicketKeyRing {
    /// Asks for a key by the name that it wrote into a ticket.
    func opening(_ key: TicketKey, at time: WallTime) -> TicketKeyLookup {
        key.name.withBytes { opening(name: $0, at: time) }
    }

    func opens(_ key: TicketKey, at time: WallTime) -> Bool { opening(key, at: time).isFound }
}

extension TicketKeyLookup {
    var isFound: Bool { isNewest != nil }

    var isExpired: Bool {
        if case .expired = self { return true }
        return false
    }

    var isUnknown: Bool {
        if case .unknown = self { return true }
        return false
    }

    /// `nil` for a key that was not found.
    var isNewest: Bool? {
        guard case .found(_, let isNewest) = self else { return nil }
        return isNewest
    }
}

extension TicketKey {
    /// The name, the AES key and the HMAC key, to compare.
    var content: [[UInt8]] {
        [name.withBytes { Array($0) }, aes.withBytes { Array($0) }, hmac.withBytes { Array($0) }]
    }
}

/// A key that comes from elsewhere, with a name and secrets counted up from a number.
func foreignKey(_ number: UInt8, from start: WallTime? = nil, until end: WallTime? = nil) throws -> TicketKey? {
    let secret = Secret(count: 32) { bytes in for index in bytes.indices { bytes[index] = number &+ UInt8(index) } }
    guard let name = Array(number..<number + 16).withUnsafeBytes({ TicketKeyName($0) }) else { return nil }
    return TicketKey(name: name, aes: secret, hmac: secret, notBefore: start, notAfter: end)
}
