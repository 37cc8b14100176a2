internal import Vocabulary

/// A session as it travels: a mark, how the client names it, and its DER.
struct SerializedSession {
    let place: SessionPlace
    let der: Secret

    private static let mark: [UInt8] = Array("RSN1".utf8)

    init(place: SessionPlace, der: Secret) {
        (self.place, self.der) = (place, der)
    }

    /// - Returns: `nil` for bytes that ``encoded`` does not make.
    init?(_ bytes: Secret) {
        let parts: (SessionPlace, Secret)? = bytes.withBytes { bytes in
            guard bytes.count > Self.mark.count, bytes.starts(with: Self.mark) else { return nil }
            let kind = bytes[Self.mark.count]
            let rest = UnsafeRawBufferPointer(rebasing: bytes[(Self.mark.count + 1)...])
            let nameBytes = kind == 0 ? TicketKeyName.byteCount : SessionKey.byteCount
            guard kind <= 1, rest.count > nameBytes else { return nil }
            let name = UnsafeRawBufferPointer(rebasing: rest[..<nameBytes])
            let place =
                kind == 0 ? TicketKeyName(name).map(SessionPlace.ticket) : SessionKey(name).map(SessionPlace.stored)
            guard let place else { return nil }
            return (place, Secret(copying: UnsafeRawBufferPointer(rebasing: rest[nameBytes...])))
        }
        guard let parts else { return nil }
        (place, der) = parts
    }

    var encoded: Secret {
        var front = Self.mark
        switch place {
        case .ticket(let name):
            front.append(0)
            name.withBytes { front.append(contentsOf: $0) }
        case .stored(let key):
            front.append(1)
            key.withBytes { front.append(contentsOf: $0) }
        }
        return Secret(count: front.count + der.count) { target in
            front.withUnsafeBytes { target.copyMemory(from: $0) }
            der.withBytes { UnsafeMutableRawBufferPointer(rebasing: target[front.count...]).copyMemory(from: $0) }
        }
    }
}
