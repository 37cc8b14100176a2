/// What a key exchange rests on, as far as computers go that do not exist yet.
package enum GroupClass: String, Sendable, Hashable, CaseIterable {
    /// A lattice and a curve, either of which is enough (draft-ietf-tls-ecdhe-mlkem).
    case hybrid
    /// A lattice alone (draft-ietf-tls-mlkem).
    case lattice
    /// A curve or a finite field.
    case classical
    /// No key exchange: the key was encrypted to the certificate, or a TLS 1.2 session was resumed.
    case none

    /// - Parameter name: the group's, in the words of ``HandshakeSummary/group``.
    init(name: String?) {
        guard let name = name?.uppercased() else {
            self = .none
            return
        }
        self = name.hasPrefix("MLKEM") ? .lattice : name.contains("MLKEM") ? .hybrid : .classical
    }
}
