import CRepriseOpenSSL
import Glibc
import RepriseVocabulary

/// What revocation lists say.
struct Revocations: Sendable {
    /// The lists by their signer.
    private var lists: [PeerChain.Issuer: [RevocationList]] = [:]

    mutating func add(_ list: RevocationList, of issuer: PeerChain.Issuer) {
        lists[issuer, default: []].append(list)
    }

    /// What an operator should know of an issuer's lists.
    enum Finding {
        case none
        /// There is no list that is whole.
        case missing
        case expired(since: WallTime)
        case notYetValid(until: WallTime)
    }

    /// What clients of an issuer meet with now.
    ///
    /// - Parameter isRoot: the issuer's own certificate, and those of other authorities, must be covered; otherwise clients'.
    func finding(for issuer: PeerChain.Issuer, isRoot: Bool, at time: WallTime) -> Finding {
        let whole = (lists[issuer] ?? []).filter { $0.scope.worth == .whole && $0.scope.coversAny(authorities: isRoot) }
        guard let first = whole.map(\.begins).min() else { return .missing }
        guard first <= time else { return .notYetValid(until: first) }
        let ends = newest(of: whole, at: time).map(\.ends).min() ?? .distantFuture
        return ends <= time ? .expired(since: ends) : .none
    }

    /// By when the first of the lists in force must be replaced; `nil` when none says.
    func nextUpdate(at time: WallTime) -> WallTime? {
        let ends = lists.values.flatMap { newest(of: $0.filter { $0.scope.worth == .whole }, at: time) }.map(\.ends)
        return ends.filter { $0 != .distantFuture }.min()
    }

    /// A newer list replaces older ones of its scope.
    private func newest(of lists: [RevocationList], at time: WallTime) -> [RevocationList] {
        Dictionary(grouping: lists.filter { $0.begins <= time }, by: \.scope).values
            .flatMap { RevocationList.newest(of: $0) }
    }

    /// Judges a verified chain, at a full handshake and at a resumption alike.
    func judge(_ chain: [PeerChain.Certificate], at time: WallTime) -> ClientAuthentication.Revocation {
        let findings = chain.indices.map { judge($0, of: chain, at: time) }
        return [.revoked, .unknown, .outdated].first { findings.contains($0) } ?? .none
    }

    private func judge(
        _ index: Int, of chain: [PeerChain.Certificate], at time: WallTime
    ) -> ClientAuthentication.Revocation {
        let certificate = chain[index]
        guard !certificate.isPinned else { return .none }
        // After a change of keys the same authority stands in the chain twice, and either key may sign its lists.
        let issuers = Set(chain[index...].map(\.issuer).filter { $0.name == certificate.issuer.name })
        var (isCovered, hadList) = (false, false)
        for issuer in issuers {
            if lists[issuer]?.contains(where: { $0.scope.worth == .whole && $0.scope.covers(certificate) }) == true {
                hadList = true
            }
            let begun = (lists[issuer] ?? []).filter { $0.begins <= time && $0.scope.holds(certificate) }
            let parts = begun.filter { $0.scope.worth == .part && $0.isCurrent(at: time) }
            // Even when the newest has expired: it may have released what was on hold, and an older list that lasts longer
            // must not undo what it revoked.
            let newest = newest(of: begun.filter { $0.scope.worth == .whole }, at: time)
            let current = newest.filter { $0.isCurrent(at: time) }
            if (parts + current).contains(where: { $0.names(certificate) }) { return .revoked }
            if newest.contains(where: { !$0.isCurrent(at: time) && $0.names(certificate) }) { return .outdated }
            if current.contains(where: { $0.scope.covers(certificate) }) { isCovered = true }
        }
        return isCovered ? .none : hadList ? .outdated : .unknown
    }
}

/// X509_STORE_set_check_revocation(3): once for a client's chain, in place of libcrypto's own look at the lists.
///
/// It uses the same function as the judgement on sessions, so that no resumption lets in a client that a full handshake
/// refuses. Each list's signature was verified when it was loaded, and is not verified again for each client.
func clientChainRevocationAsked(_ storeContext: OpaquePointer?) -> CInt {
    guard let storeContext else { return 0 }
    guard let pointer = X509_STORE_CTX_get_ex_data(storeContext, SSL_get_ex_data_X509_STORE_CTX_idx()),
        let connection = ServerConnection.behind(OpaquePointer(pointer)),
        let demanded = connection.clientAuthentication, let chain = X509_STORE_CTX_get0_chain(storeContext)
    else {
        X509_STORE_CTX_set_error(storeContext, X509_V_ERR_UNSPECIFIED)
        return 0
    }
    // The clock by which libcrypto judges the certificates' own times.
    let now = WallTime(secondsSinceEpoch: Int64(time(nil)))
    let count = TrustAnchors.verifiedCount(in: storeContext)
    let revocation = demanded.revocation(of: PeerChain.certificates(of: chain, atMost: count), at: now)
    if revocation.verdict(in: storeContext) == 1 { return 1 }
    // libssl forgets a certificate that it refuses.
    connection.hello.refusedCertificate = X509_STORE_CTX_get0_cert(storeContext).map { Boxed(ShownCertificate($0)) }
    return 0
}

/// SSL_set_verify(3): once for each certificate of a client's chain, after libcrypto has judged it.
func clientCertificateJudged(_ isGood: CInt, _ storeContext: OpaquePointer?) -> CInt {
    guard let storeContext,
        let pointer = X509_STORE_CTX_get_ex_data(storeContext, SSL_get_ex_data_X509_STORE_CTX_idx()),
        let connection = ServerConnection.behind(OpaquePointer(pointer)),
        let leaf = X509_STORE_CTX_get0_cert(storeContext)
    else { return 0 }
    let isLeaf = X509_STORE_CTX_get_error_depth(storeContext) == 0
    if isGood == 1, !isLeaf || connection.clientAuthentication?.admits(leaf) == true { return 1 }
    if isGood == 1 { X509_STORE_CTX_set_error(storeContext, X509_V_ERR_HOSTNAME_MISMATCH) }
    connection.hello.refusedCertificate = Boxed(ShownCertificate(leaf))
    return 0
}
