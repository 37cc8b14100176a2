import CRepriseOpenSSL
package import RepriseVocabulary

/// What a host demands of its clients' certificates, ready to verify with.
///
/// Immutable, and shared by the workers.
// @unchecked: immutable after init; libcrypto counts the store's references atomically.
package final class ClientAuthentication: @unchecked Sendable {
    /// Whether a client without a certificate is served.
    package enum Mode: String, Sendable, Hashable {
        /// A client without a certificate is served, one with a bad certificate is not.
        case request
        case require
    }

    package let mode: Mode
    /// What chains must lead to.
    let anchors: TrustAnchors
    /// The authorities' names, as STACK_OF(X509_NAME): clients choose their certificate by them. `nil`: they are told none.
    let authorityNames: OpaquePointer?
    /// Whether the names are left out because a CertificateRequest cannot hold them.
    let namesDoNotFit: Bool
    /// The authorities, for what an operator should know of them.
    let authorities: [OpaquePointer]
    /// How many certificates may stand between the client's and an authority; `nil` for libssl's own bound of 100.
    package let depth: Int?
    /// A certificate must have one of these in its subjectAltName; empty: any will do.
    package let names: [CertificateName]
    /// Binds sessions: SHA-256 over all of the above. A host adds what its listener's settings demand.
    let fingerprint: [UInt8]
    let revocations: Revocations?

    /// - Parameters:
    ///   - authoritiesPEM: the certificates that chains must lead to, at least one.
    ///   - revocationPEM: revocation lists; with any, every certificate of a chain must be covered by one.
    ///     The authorities must have signed them.
    ///   - sendsNames: whether clients are told the authorities' names.
    package init(
        mode: Mode, authoritiesPEM: [UInt8], revocationPEM: [UInt8]? = nil, depth: Int? = nil,
        names: [CertificateName] = [], sendsNames: Bool = true
    ) throws(ClientAuthenticationError) {
        let files = try AuthorityFiles(authoritiesPEM: authoritiesPEM, revocationPEM: revocationPEM)
        let (authorities, revocations) = (files.authorities, files.revocations)
        anchors = TrustAnchors(authorities)
        if revocations != nil { anchors.askAboutRevocations(clientChainRevocationAsked) }
        let offered = sendsNames ? Self.names(of: authorities) : nil
        (authorityNames, namesDoNotFit) = (offered, sendsNames && offered == nil)
        ErrorQueue.clear()
        (self.mode, self.depth, self.names, self.revocations) = (mode, depth, names, revocations)
        self.authorities = authorities
        fingerprint = Self.fingerprint(mode, authorities, depth, names)
    }

    deinit {
        authorities.forEach(X509_free)
        reprise_name_stack_free(authorityNames)
    }

    /// All names, each once; `nil` when they are too long for one message.
    private static func names(of authorities: [OpaquePointer]) -> OpaquePointer? {
        guard let stack = reprise_name_stack_new() else { preconditionFailure("libcrypto has no memory") }
        var (seen, bytes): (Set<[UInt8]>, Int) = ([], 0)
        for authority in authorities {
            let name = X509Reading.der(ofNameOf: authority)
            guard seen.insert(name).inserted else { continue }
            // Each has its length in front (RFC 8446 §4.2.4).
            bytes += name.count + 2
            reprise_name_stack_push_copy(stack, X509_get_subject_name(authority))
        }
        guard bytes > TLSLimits.authorityNamesBytes else { return stack }
        reprise_name_stack_free(stack)
        return nil
    }

    /// Whether certificates are refused for being revoked: the chain of a full handshake, or one that a session
    /// remembers.
    package func revocation(of certificates: [PeerChain.Certificate], at time: WallTime) -> Revocation {
        revocations?.judge(certificates, at: time) ?? .none
    }

    /// Whether certificates are revoked.
    package enum Revocation: Sendable {
        case none
        case revoked
        /// No list covers one of them, so that the client is refused.
        case unknown
        /// The same, because the list that covers it is past its nextUpdate or not yet valid.
        case outdated

        /// As a callback of libcrypto's says it: 1, or 0 with the error set.
        func verdict(in storeContext: OpaquePointer) -> CInt {
            switch self {
            case .none: return 1
            case .revoked: X509_STORE_CTX_set_error(storeContext, X509_V_ERR_CERT_REVOKED)
            case .unknown: X509_STORE_CTX_set_error(storeContext, X509_V_ERR_UNABLE_TO_GET_CRL)
            case .outdated: X509_STORE_CTX_set_error(storeContext, X509_V_ERR_CRL_HAS_EXPIRED)
            }
            return 0
        }
    }

    /// Whether a verified leaf has one of the names.
    func admits(_ leaf: OpaquePointer) -> Bool {
        names.isEmpty || names.contains { $0.matches(leaf) }
    }

    /// libssl's own bound of a chain; the fingerprint treats it like one that is configured.
    private static let defaultDepth = 100

    private static func fingerprint(
        _ mode: Mode, _ authorities: [OpaquePointer], _ depth: Int?, _ names: [CertificateName]
    ) -> [UInt8] {
        // Neither order nor repetition matters: a file that was sorted anew demands the same.
        let digests = Set(authorities.map(X509Reading.trustFingerprint(of:))).sorted()
        let text =
            ([mode.rawValue, String(depth ?? defaultDepth)] + digests + ["-"] + Set(names.map(\.description)).sorted())
            .map { "\($0.utf8.count):\($0)" }.joined()
        return SessionCrypto.sha256(Array(text.utf8))
    }
}
