import CRepriseOpenSSL

/// Which certificates of its issuer a revocation list speaks of, and how much it can say of them.
struct RevocationScope: Sendable, Hashable {
    /// What a list can say of a certificate in its scope.
    enum Worth: Sendable {
        /// All there is to say: a certificate that it does not name is not revoked.
        case whole
        /// A delta list, or one for some reasons only: a certificate that it names is revoked, and it covers none.
        case part
        /// Nothing. It has a critical extension that may mean anything, is about other issuers' certificates, or does
        /// not parse.
        case none
    }

    private(set) var worth = Worth.whole
    private var coversAuthorities = true
    private var coversOthers = true
    /// The points that it is for; `nil`: for all.
    private var points: Set<UInt64>?

    /// Reads a list as libcrypto does without X509_V_FLAG_EXTENDED_CRL_SUPPORT (X509_VERIFY_PARAM_set_flags(3)).
    init(of list: OpaquePointer) {
        defer { ErrorQueue.clear() }
        if X509_CRL_get_ext_by_NID(list, NID_delta_crl, -1) >= 0 { worth = .part }
        readIssuingPoint(of: list)
        let understood = [NID_issuing_distribution_point, NID_authority_key_identifier, NID_delta_crl]
        let hasUnknown = (0..<X509_CRL_get_ext_count(list)).contains { index in
            Self.isCritical(X509_CRL_get_ext(list, index), but: understood)
        }
        if hasUnknown || Self.hasStrangeEntry(list) { worth = .none }
    }

    /// Whether it covers any authorities, or any others.
    func coversAny(authorities: Bool) -> Bool { authorities ? coversAuthorities : coversOthers }

    /// Whether the list may speak of a certificate.
    func holds(_ certificate: PeerChain.Certificate) -> Bool {
        guard certificate.isAuthority ? coversAuthorities : coversOthers else { return false }
        return points.map { !$0.isDisjoint(with: certificate.points) || certificate.hasMorePoints } ?? true
    }

    /// Whether the list, if it is whole, says all there is to say of a certificate.
    func covers(_ certificate: PeerChain.Certificate) -> Bool {
        holds(certificate) && (points.map { !$0.isDisjoint(with: certificate.points) } ?? true)
    }

    private mutating func readIssuingPoint(of list: OpaquePointer) {
        var found: CInt = -1
        guard let pointer = X509_CRL_get_ext_d2i(list, NID_issuing_distribution_point, &found, nil) else {
            // -1: it has none. Anything else is one that does not parse, or two.
            if found != -1 { worth = .none }
            return
        }
        let point = pointer.assumingMemoryBound(to: ISSUING_DIST_POINT.self)
        defer { ISSUING_DIST_POINT_free(point) }
        let isFor = point.pointee
        coversAuthorities = isFor.onlyuser <= 0 && isFor.onlyattr <= 0
        coversOthers = isFor.onlyCA <= 0 && isFor.onlyattr <= 0
        if isFor.distpoint != nil { points = Set(DistributionPoints.digestsOfFullNames(isFor.distpoint)) }
        if isFor.onlysomereasons != nil { worth = .part }
        if isFor.indirectCRL > 0 { worth = .none }
    }

    /// Whether an entry is about another issuer's certificate, or has an unknown critical extension.
    private static func hasStrangeEntry(_ list: OpaquePointer) -> Bool {
        let entries = X509_CRL_get_REVOKED(list)
        return (0..<reprise_revoked_count(entries)).contains { index in
            let entry = reprise_revoked_item(entries, index)
            return X509_REVOKED_get_ext_by_NID(entry, NID_certificate_issuer, -1) >= 0
                || (0..<X509_REVOKED_get_ext_count(entry)).contains {
                    isCritical(X509_REVOKED_get_ext(entry, $0), but: [])
                }
        }
    }

    private static func isCritical(_ found: OpaquePointer?, but understood: [CInt]) -> Bool {
        X509_EXTENSION_get_critical(found) == 1
            && !understood.contains(OBJ_obj2nid(X509_EXTENSION_get_object(found)))
    }
}
