import CRepriseOpenSSL
package import RepriseVocabulary

/// What will have clients refused whose certificates are in order.
package enum ClientAuthenticationWarning: Sendable, Hashable {
    /// Authorities are counted from 1, as they stand in the file.
    case authorityExpired(Int, subject: String, since: WallTime)
    case authorityNotYetValid(Int, subject: String, until: WallTime)
    case authorityExpiresSoon(Int, subject: String, days: Int)
    /// Its certificate does not allow it to sign others'.
    case noAuthority(Int, subject: String)
    case listMissing(issuer: String)
    case listExpired(issuer: String, since: WallTime)
    case listNotYetValid(issuer: String, until: WallTime)
    /// More names than a CertificateRequest holds.
    case namesDoNotFit(authorities: Int)

    /// Whether it is about the revocation lists.
    package var isAboutLists: Bool {
        switch self {
        case .listMissing, .listExpired, .listNotYetValid: true
        default: false
        }
    }
}

extension ClientAuthenticationWarning: CustomStringConvertible {
    package var description: String {
        let refused = "every client whose certificate leads to it is refused"
        return switch self {
        case .authorityExpired(let number, let subject, let since):
            "certificate \(number) (\(subject)) expired on \(since): \(refused)"
        case .authorityNotYetValid(let number, let subject, let until):
            "certificate \(number) (\(subject)) is not valid before \(until): \(refused)"
        case .authorityExpiresSoon(let number, let subject, let days):
            "certificate \(number) (\(subject)) expires in \(days) days: then \(refused)"
        case .noAuthority(let number, let subject):
            "certificate \(number) (\(subject)) is that of no authority: it admits the client that shows this very "
                + "certificate, and nobody else"
        case .listMissing(let issuer):
            "there is no revocation list of '\(issuer)': every client whose certificate it has signed is refused"
        case .listExpired(let issuer, let since):
            "the revocation list of '\(issuer)' expired on \(since): every client whose certificate it has signed is "
                + "refused until there is a fresh one"
        case .listNotYetValid(let issuer, let until):
            "the revocation list of '\(issuer)' is not valid before \(until): every client whose certificate it has signed "
                + "is refused until then"
        case .namesDoNotFit(let count):
            "the names of \(count) authorities do not fit into the message that asks for a certificate, so that clients are "
                + "told none of them and choose a certificate by themselves: name fewer, or set send_ca_names: false"
        }
    }
}

extension ClientAuthentication {
    /// Whom these demands will refuse, at that moment, although their certificates are in order.
    package func warnings(at now: WallTime) -> [ClientAuthenticationWarning] {
        defer { ErrorQueue.clear() }
        var warnings = authorities.enumerated().flatMap { Self.warnings(of: $1, number: $0 + 1, at: now) }
        for (subject, finding) in listFindings(at: now) {
            switch finding {
            case .none: break
            case .missing: warnings.append(.listMissing(issuer: subject))
            case .expired(let since): warnings.append(.listExpired(issuer: subject, since: since))
            case .notYetValid(let until): warnings.append(.listNotYetValid(issuer: subject, until: until))
            }
        }
        if namesDoNotFit { warnings.append(.namesDoNotFit(authorities: authorities.count)) }
        return warnings
    }

    /// When the first of the authorities expires.
    package var firstExpiry: WallTime? {
        authorities.compactMap { X509Reading.time(reprise_seconds(X509_get0_notAfter($0))) }.min()
    }

    /// By when the first of the revocation lists must be replaced: long ago where an authority has none in force; `nil`
    /// without lists, or when none says.
    package func nextUpdate(at now: WallTime) -> WallTime? {
        let lacksOne = listFindings(at: now).contains {
            switch $0.finding {
            case .missing, .notYetValid: true
            case .none, .expired: false
            }
        }
        return lacksOne ? WallTime(secondsSinceEpoch: 0) : revocations?.nextUpdate(at: now)
    }

    /// What clients of each authority meet with in the revocation lists; empty without lists.
    private func listFindings(at now: WallTime) -> [(subject: String, finding: Revocations.Finding)] {
        guard let revocations else { return [] }
        var seen: Set<PeerChain.Issuer> = []
        return authorities.filter { X509_check_ca($0) > 0 }.compactMap { authority in
            let issuer = PeerChain.Issuer(name: X509_get_subject_name(authority), keyOf: authority)
            guard seen.insert(issuer).inserted else { return nil }
            let isRoot = X509_check_issued(authority, authority) == X509_V_OK
            return (X509Reading.subject(of: authority), revocations.finding(for: issuer, isRoot: isRoot, at: now))
        }
    }

    private static func warnings(
        of authority: OpaquePointer, number: Int, at now: WallTime
    ) -> [ClientAuthenticationWarning] {
        let subject = X509Reading.subject(of: authority)
        var warnings: [ClientAuthenticationWarning] = []
        if X509_check_ca(authority) == 0 { warnings.append(.noAuthority(number, subject: subject)) }
        guard let from = X509Reading.time(reprise_seconds(X509_get0_notBefore(authority))),
            let until = X509Reading.time(reprise_seconds(X509_get0_notAfter(authority)))
        else { return warnings }
        if now < from {
            warnings.append(.authorityNotYetValid(number, subject: subject, until: from))
        } else if until < now {
            warnings.append(.authorityExpired(number, subject: subject, since: until))
        } else if until.days(since: now) < TLSLimits.expiryWarningDays {
            warnings.append(.authorityExpiresSoon(number, subject: subject, days: until.days(since: now)))
        }
        return warnings
    }
}
