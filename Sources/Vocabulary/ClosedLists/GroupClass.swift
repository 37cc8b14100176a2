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
        guard let name = name?.uppercased() else {
            self = .none
            return
        }
        self = name.hasPrefix("MLKEM") ? .lattice : name.contains("MLKEM") ? .hybrid : .classical
    }
}
