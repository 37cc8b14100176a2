package import Vocabulary

/// What is to be known later of a client's verified chain, without the chain itself.
package struct PeerChain: Sendable, Hashable {
    /// One certificate as a revocation list names it.
    package struct Certificate: Sendable, Hashable {
        /// A hash of the issuer's name in its canonical form: two spellings of a name are one (X509_NAME_hash_ex(3)).
        /// Names that collide make too much revoked, never too little.
        package var issuer: UInt32
        /// The serial number's bytes, without its sign.
        package var serial: [UInt8]

        package init(issuer: UInt32, serial: [UInt8]) {
            self.issuer = issuer
            self.serial = serial
        }
    }

    /// When the first of its certificates expires.
    package var notAfter: WallTime
    /// From the leaf upwards, without the trust anchor.
    package var certificates: [Certificate]

    package init(notAfter: WallTime, certificates: [Certificate]) {
        self.notAfter = notAfter
        self.certificates = certificates
    }
}
