package import RepriseVocabulary

/// What we must know later of a client's verified chain, without the chain itself.
package struct PeerChain: Sendable, Hashable {
    /// One certificate, with what finds revocation lists for it.
    package struct Certificate: Sendable, Hashable {
        /// The authority that signed it.
        package var issuer: Issuer
        /// The serial number in DER.
        package var serial: [UInt8]
        /// Some lists are for authorities only, and some for all others (RFC 5280 §5.2.5).
        package var isAuthority: Bool
        /// Digests of the distribution points that it names: a list for one point counts for the certificates that name
        /// it.
        package var points: [UInt64]

        /// Whether it is trusted by itself: no revocation list is asked for it.
        package var isPinned: Bool { issuer.key == 0 }

        /// Whether it may name more points than are kept.
        package var hasMorePoints: Bool { points.count >= TLSLimits.distributionPoints }

        package init(issuer: Issuer, serial: [UInt8], isAuthority: Bool = false, points: [UInt64] = []) {
            self.issuer = issuer
            self.serial = serial
            self.isAuthority = isAuthority
            self.points = points
        }
    }

    /// A signer of certificates and revocation lists.
    ///
    /// The name is not enough: after a change of keys two authorities have the same, and a stranger may take it.
    package struct Issuer: Sendable, Hashable {
        /// A hash of the name in its canonical form: two spellings of a name are one (X509_NAME_hash_ex(3)).
        package var name: UInt32
        /// The beginning of the key's SHA-256.
        package var key: UInt64

        package init(name: UInt32, key: UInt64) {
            self.name = name
            self.key = key
        }
    }

    /// When the first of its certificates expires.
    package var notAfter: WallTime
    /// From the leaf up to the trust anchor. A root is among them, because we judge it too, as libcrypto does: it needs a
    /// list of its own. An anchor that is no root is not, unless it is the leaf itself.
    package var certificates: [Certificate]

    package init(notAfter: WallTime, certificates: [Certificate]) {
        self.notAfter = notAfter
        self.certificates = certificates
    }
}
