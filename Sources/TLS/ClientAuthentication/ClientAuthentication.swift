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
    /// X509_STORE with the authorities.
    let store: OpaquePointer
    /// The authorities' names, as STACK_OF(X509_NAME): clients choose their certificate by them.
    let authorityNames: OpaquePointer
    /// How many certificates may stand between the client's and an authority; `nil` for libssl's own bound of 100.
    package let depth: Int?
    /// A certificate must have one of these in its subjectAltName; empty: any will do.
    package let names: [CertificateName]
    /// Binds sessions: SHA-256 over all of the above. A host adds what its listener's settings demand.
    let fingerprint: [UInt8]
    private let revocations: Revocations?

    /// - Parameters:
    ///   - authoritiesPEM: the certificates that chains must lead to, at least one.
    ///   - revocationPEM: revocation lists; with any, every certificate of a chain must be covered by one.
    ///     The authorities must have signed them.
    package init(
        mode: Mode, authoritiesPEM: [UInt8], revocationPEM: [UInt8]? = nil, depth: Int? = nil,
        names: [CertificateName] = []
    ) throws(ClientAuthenticationError) {
        let authorities: [OpaquePointer]
        do throws(CertificateError) {
            authorities = try PEMFile.certificates(in: authoritiesPEM, as: .authorities)
        } catch {
            throw .authorities(error)
        }
        defer { authorities.forEach(X509_free) }
        guard let store = X509_STORE_new(), let stack = reprise_name_stack_new() else {
            // Both only allocate; no provider matters.
            preconditionFailure("libcrypto has no memory")
        }
        for authority in authorities {
            X509_STORE_add_cert(store, authority)
            reprise_name_stack_push_copy(stack, X509_get_subject_name(authority))
        }
        var revocations: Revocations?
        if let revocationPEM {
            do throws(ClientAuthenticationError) {
                revocations = try RevocationLists.read(revocationPEM, signedBy: authorities)
            } catch {
                X509_STORE_free(store)
                reprise_name_stack_free(stack)
                throw error
            }
            X509_STORE_set_check_revocation(store, clientChainRevocationAsked)
        }
        ErrorQueue.clear()
        (self.mode, self.depth, self.names, self.revocations) = (mode, depth, names, revocations)
        (self.store, authorityNames) = (store, stack)
        fingerprint = Self.fingerprint(mode, authorities, depth, names)
    }

    deinit {
        X509_STORE_free(store)
        reprise_name_stack_free(authorityNames)
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
        /// No current list covers one of them, so that the client is refused.
        case unknown
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
        let digests = Set(authorities.map(X509Reading.fingerprint(of:))).sorted()
        let text =
            ([mode.rawValue, String(depth ?? defaultDepth)] + digests + ["-"] + Set(names.map(\.description)).sorted())
            .map { "\($0.utf8.count):\($0)" }.joined()
        return SessionCrypto.sha256(Array(text.utf8))
    }
}
