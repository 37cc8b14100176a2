import CRepriseOpenSSL

/// Where certificates say that their revocation lists are, and lists which of these they are for (RFC 5280 §4.2.1.13,
/// §5.2.5).
enum DistributionPoints {
    /// Digests of the full names in a certificate's distribution points, ``TLSLimits/distributionPoints`` at the most.
    ///
    /// Points with a list issuer of their own speak of indirect lists, and points for some reasons of lists that are
    /// partial: neither kind covers here.
    static func named(by certificate: OpaquePointer) -> [UInt64] {
        let found = X509_get_ext_d2i(certificate, NID_crl_distribution_points, nil, nil)
        guard let points = found.map(OpaquePointer.init) else { return [] }
        defer { CRL_DIST_POINTS_free(points) }
        let digests = (0..<reprise_points_count(points)).flatMap { index -> [UInt64] in
            guard let point = reprise_points_item(points, index)?.pointee, point.CRLissuer == nil, point.reasons == nil
            else { return [] }
            return digestsOfFullNames(point.distpoint)
        }
        return Array(digests.prefix(TLSLimits.distributionPoints))
    }

    /// Digests of a point's full names; empty for one that is relative to its issuer's name.
    static func digestsOfFullNames(_ point: UnsafePointer<DIST_POINT_NAME>?) -> [UInt64] {
        guard let point, point.pointee.type == 0, let names = point.pointee.name.fullname else { return [] }
        return (0..<reprise_names_count(names)).compactMap { index in
            var der: UnsafeMutablePointer<UInt8>?
            let count = Int(i2d_GENERAL_NAME(reprise_names_item(names, index), &der))
            guard count > 0, let der else { return nil }
            defer { reprise_openssl_free(der) }
            return SessionCrypto.digest(Array(UnsafeBufferPointer(start: der, count: count)))
        }
    }
}
