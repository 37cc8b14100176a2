import CRepriseOpenSSL
package import RepriseVocabulary

extension ServerCertificate {
    /// What the operator should look at, at that moment: validity of every certificate, the chain's links, the key's
    /// size.
    ///
    /// It consults no trust store: only clients know whether they trust the last link.
    package func warnings(at now: WallTime) -> [CertificateWarning] {
        defer { ErrorQueue.clear() }
        let all = [leaf] + (0..<reprise_x509_stack_count(chain)).compactMap { reprise_x509_stack_item(chain, $0) }
        var warnings = all.enumerated().compactMap { Self.validityWarning(number: $0 + 1, of: $1, at: now) }
        warnings += chainWarnings(all)
        if EVP_PKEY_get_security_bits(key) < 112 { warnings.append(.keyTooSmall(info.keyKind)) }
        if info.dnsNames.isEmpty, info.addresses.isEmpty { warnings.append(.noNames) }
        if hasIdlePassphrase { warnings.append(.passphraseUnused) }
        if let warning = staple.warning(at: now) { warnings.append(warning) }
        // status_request (RFC 6066 §8).
        if reprise_x509_has_feature(leaf, 5) == 1, !staple.isPresent { warnings.append(.stapleRequired) }
        return warnings
    }

    private static func validityWarning(
        number: Int, of certificate: OpaquePointer, at now: WallTime
    ) -> CertificateWarning? {
        guard let from = X509Reading.time(reprise_seconds(X509_get0_notBefore(certificate))),
            let until = X509Reading.time(reprise_seconds(X509_get0_notAfter(certificate)))
        else { return nil }
        let subject = X509Reading.subject(of: certificate)
        if now < from { return .notYetValid(certificate: number, subject: subject, until: from) }
        if until < now { return .expired(certificate: number, subject: subject, since: until) }
        let days = until.days(since: now)
        guard days < TLSLimits.expiryWarningDays else { return nil }
        return .expiresSoon(certificate: number, subject: subject, days: days)
    }

    private func chainWarnings(_ all: [OpaquePointer]) -> [CertificateWarning] {
        guard all.count > 1 else {
            // A leaf alone is whole when its issuer is a root. Public authorities never issue from a root, and say
            // where to get the intermediate (RFC 5280 §4.2.2.1); private ones seldom do either.
            guard X509_check_issued(leaf, leaf) != X509_V_OK, namesIssuerLocation else { return [] }
            return [.intermediateMissing(issuer: info.issuer)]
        }
        var warnings: [CertificateWarning] = []
        for index in all.indices.dropLast() {
            guard let reason = Self.reasonAgainst(all[index + 1], signed: all[index]) else { continue }
            let others = all.indices.filter { $0 != index && $0 != index + 1 }
            if others.contains(where: { Self.reasonAgainst(all[$0], signed: all[index]) == nil }) {
                if !warnings.contains(.chainOutOfOrder) { warnings.append(.chainOutOfOrder) }
            } else if !(X509_check_issued(all[index], all[index]) == X509_V_OK && warnings.contains(.chainOutOfOrder)) {
                // A root in the middle of a shuffled chain lacks no issuer.
                warnings.append(
                    .chainDoesNotBuild(
                        certificate: index + 1, subject: X509Reading.subject(of: all[index]),
                        next: X509Reading.subject(of: all[index + 1]), reason: reason))
            }
        }
        return warnings
    }

    /// Why `issuer` did not sign `subject`; `nil` when it did.
    private static func reasonAgainst(_ issuer: OpaquePointer, signed subject: OpaquePointer) -> String? {
        let result = X509_check_issued(issuer, subject)
        guard result == X509_V_OK else { return String(cString: X509_verify_cert_error_string(Int(result))) }
        guard X509_verify(subject, X509_get0_pubkey(issuer)) == 1 else { return "the signature does not verify" }
        guard X509_check_ca(issuer) > 0 else { return "it is not the certificate of an authority" }
        return nil
    }

    private var namesIssuerLocation: Bool {
        guard let access = X509_get_ext_d2i(leaf, NID_info_access, nil, nil).map(OpaquePointer.init) else {
            return false
        }
        defer { AUTHORITY_INFO_ACCESS_free(access) }
        return (0..<reprise_access_count(access)).contains { reprise_access_method(access, $0) == NID_ad_ca_issuers }
    }
}
