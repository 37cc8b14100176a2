/// What a key exchange rests on, with regard to quantum computers.
package enum GroupClass: Int, ClosedList {
    case hybrid, lattice, classical, none

    package static let title = "Classes of key-exchange groups"

    package var text: (word: String, meaning: String) {
        switch self {
        case .hybrid:
            ("hybrid", "A lattice and a curve, either of which is enough (draft-ietf-tls-ecdhe-mlkem).")
        case .lattice: ("lattice", "A lattice alone (draft-ietf-tls-mlkem).")
        case .classical: ("classical", "A curve or a finite field.")
        case .none:
            (
                "none",
                "No key exchange: the key was encrypted to the certificate, or a TLS 1.2 session was resumed."
            )
        }
    }

    /// - Parameter name: OpenSSL's name of the group; `nil` where there was none.
    package init(name: String?) {
        guard let name else {
            self = .none
            return
        }
        // For every handshake: a search of bytes, where one of characters takes as long as a record's cipher.
        switch Self.place(of: "MLKEM", in: name.utf8) {
        case nil: self = .classical
        case 0: self = .lattice
        default: self = .hybrid
        }
    }

    /// Where the word begins, in whatever case the name has it.
    private static func place(of word: StaticString, in name: String.UTF8View) -> Int? {
        let count = word.utf8CodeUnitCount
        var (matched, place) = (0, 0)
        for byte in name {
            let letter = byte >= 0x61 && byte <= 0x7a ? byte & 0xdf : byte
            unsafe matched = letter == word.utf8Start[matched] ? matched + 1 : letter == word.utf8Start[0] ? 1 : 0
            place += 1
            if matched == count { return place - count }
        }
        return nil
    }
}
