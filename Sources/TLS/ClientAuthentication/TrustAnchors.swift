import CRepriseOpenSSL
import RepriseVocabulary

/// The certificates of a `ca` file, by what a peer's chain must lead to.
///
/// A certificate from which the file itself has a path to a root is a link on that path: a chain must lead to the root, and
/// each of its certificates is looked up in the revocation lists. The others are trusted where the file's knowledge ends: an
/// intermediate or a cross-signed copy without its issuer, or a client's own certificate. Chains that lead there are looked
/// up below it.
///
/// Immutable, and shared by the workers.
// @unchecked: immutable after init; libcrypto counts references atomically.
final class TrustAnchors: @unchecked Sendable {
    /// X509_STORE with all certificates that have a path to a root.
    let rooted: OpaquePointer
    /// X509_STORE with those where the file's knowledge ends; `nil` where it never does.
    let partial: OpaquePointer?
    /// STACK_OF(X509): certificates between those and clients.
    let links: OpaquePointer
    /// What the certificates are, in their order.
    let kinds: [Kind]
    /// The fingerprints of the partial anchors.
    private let pinned: Set<String>

    /// What a certificate of the file is.
    enum Kind: Sendable {
        /// It has a path to a root, or is one.
        case rooted
        /// The file's knowledge ends with it.
        case partial
        /// It has a path to one of those.
        case link
    }

    /// Refers to the certificates, and leaves them to the caller.
    init(_ certificates: [OpaquePointer]) {
        kinds = Self.kinds(of: certificates)
        guard let rooted = X509_STORE_new(), let stack = reprise_x509_stack_new() else {
            // Both only allocate; no provider matters.
            preconditionFailure("libcrypto has no memory")
        }
        (self.rooted, links) = (rooted, stack)
        let ends = kinds.contains(.partial) ? X509_STORE_new() : nil
        for (certificate, kind) in zip(certificates, kinds) {
            switch kind {
            case .rooted: X509_STORE_add_cert(rooted, certificate)
            case .partial: X509_STORE_add_cert(ends, certificate)
            case .link: if X509_up_ref(certificate) == 1 { _ = reprise_x509_stack_push(stack, certificate) }
            }
        }
        pinned = Set(zip(certificates, kinds).filter { $0.1 == .partial }.map { X509Reading.fingerprint(of: $0.0) })
        if let ends { X509_STORE_set_flags(ends, CUnsignedLong(X509_V_FLAG_PARTIAL_CHAIN)) }
        partial = ends
        ErrorQueue.clear()
    }

    deinit {
        X509_STORE_free(rooted)
        X509_STORE_free(partial)
        reprise_x509_stack_free(links)
    }

    /// Has revocations asked of us (X509_STORE_set_check_revocation(3)).
    func askAboutRevocations(_ callback: @convention(c) (OpaquePointer?) -> CInt) {
        for store in [rooted, partial] {
            if let store { X509_STORE_set_check_revocation(store, callback) }
        }
    }

    private static func kinds(of certificates: [OpaquePointer]) -> [Kind] {
        // Each once: every pair of the same name costs the verification of a signature.
        let digests = certificates.map { X509Reading.fingerprint(of: $0) }
        var unique: [String: OpaquePointer] = [:]
        for (digest, certificate) in zip(digests, certificates) { unique[digest] = certificate }
        let ordered = Array(unique.keys)
        let known = Dictionary(
            uniqueKeysWithValues: zip(ordered, kinds(ofDifferent: ordered.compactMap { unique[$0] })))
        return digests.map { known[$0] ?? .rooted }
    }

    private static func kinds(ofDifferent certificates: [OpaquePointer]) -> [Kind] {
        let byName = Dictionary(grouping: certificates.indices) { X509_subject_name_hash(certificates[$0]) }
        let issuers = certificates.map { certificate in
            (byName[X509_issuer_name_hash(certificate)] ?? []).filter { hasSigned(certificates[$0], certificate) }
        }
        // A client's own certificate may be signed by itself, and is no root for that.
        let roots = certificates.indices.filter { issuers[$0].contains($0) && X509_check_ca(certificates[$0]) > 0 }
        let rooted = reached(from: roots, issuers)
        let rest = certificates.indices.filter { !rooted.contains($0) }
        var ends = rest.filter { index in issuers[index].allSatisfy { $0 == index } }
        // Certificates that have signed each other, and lead nowhere else.
        let linked = reached(from: ends, issuers)
        ends += rest.filter { !linked.contains($0) }
        let known = Set(ends)
        return certificates.indices.map { rooted.contains($0) ? .rooted : known.contains($0) ? .partial : .link }
    }

    /// The certificates that lead to one of those.
    private static func reached(from first: [Int], _ issuers: [[Int]]) -> Set<Int> {
        var subjects: [Int: [Int]] = [:]
        for (index, signers) in issuers.enumerated() {
            for signer in signers { subjects[signer, default: []].append(index) }
        }
        var (found, open) = (Set(first), first)
        while let next = open.popLast() {
            for subject in subjects[next] ?? [] where found.insert(subject).inserted { open.append(subject) }
        }
        return found
    }

    private static func hasSigned(_ issuer: OpaquePointer, _ certificate: OpaquePointer) -> Bool {
        X509_check_issued(issuer, certificate) == X509_V_OK && X509_verify(certificate, X509_get0_pubkey(issuer)) == 1
    }
}

/// SSL_CTX_set_cert_verify_callback(3), where there are partial anchors: first all roots, then, for a chain that leads to none
/// of them, where the file's knowledge ends. libcrypto's one flag for both would end every chain at its first certificate in
/// the file, and leave those above it out of the revocation lists.
func chainVerified(_ storeContext: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> CInt {
    guard let storeContext, let argument else { return 0 }
    let result = X509_verify_cert(storeContext)
    guard result <= 0, leadsNowhere(X509_STORE_CTX_get_error(storeContext)) else { return result }
    // Held by the host or the client's context that every connection holds.
    let anchors = Unmanaged<TrustAnchors>.fromOpaque(argument).takeUnretainedValue()
    return anchors.verifyPartially(storeContext) ? 1 : 0
}

/// Whether a verdict says that a chain leads to no anchor.
private func leadsNowhere(_ verdict: CInt) -> Bool {
    HandshakeFailure(refusedPeerBy: Int(verdict)) == .unknownAuthority
        // Counted up to a root that is not there, instead of up to the anchor.
        || verdict == X509_V_ERR_CERT_CHAIN_TOO_LONG
}

extension TrustAnchors {
    /// How many certificates of a chain are verified: up to the first anchor, where partial anchors count.
    static func verifiedCount(in storeContext: OpaquePointer) -> CInt {
        let all = reprise_x509_stack_count(X509_STORE_CTX_get0_chain(storeContext))
        let flags = X509_VERIFY_PARAM_get_flags(X509_STORE_CTX_get0_param(storeContext))
        guard flags & CUnsignedLong(X509_V_FLAG_PARTIAL_CHAIN) != 0 else { return all }
        return min(all, X509_STORE_CTX_get_num_untrusted(storeContext) + 1)
    }

    /// Verifies a chain against the partial anchors, under the same terms.
    fileprivate func verifyPartially(_ first: OpaquePointer) -> Bool {
        guard let partial, let second = X509_STORE_CTX_new() else { return false }
        defer { X509_STORE_CTX_free(second) }
        guard let stack = reprise_x509_stack_new() else { return false }
        defer { reprise_x509_stack_free(stack) }
        // What a client shows above a certificate that is trusted by itself is of no use.
        let isPinned = X509_STORE_CTX_get0_cert(first).map { pinned.contains(X509Reading.fingerprint(of: $0)) } ?? false
        for shown in isPinned ? [] : [X509_STORE_CTX_get0_untrusted(first), links] {
            for index in 0..<max(0, reprise_x509_stack_count(shown)) {
                guard let item = reprise_x509_stack_item(shown, index), X509_up_ref(item) == 1 else { continue }
                _ = reprise_x509_stack_push(stack, item)
            }
        }
        let place = SSL_get_ex_data_X509_STORE_CTX_idx()
        guard X509_STORE_CTX_init(second, partial, X509_STORE_CTX_get0_cert(first), stack) == 1,
            X509_VERIFY_PARAM_set1(X509_STORE_CTX_get0_param(second), X509_STORE_CTX_get0_param(first)) == 1,
            X509_STORE_CTX_set_ex_data(second, place, X509_STORE_CTX_get_ex_data(first, place)) == 1
        else { return false }
        X509_STORE_CTX_set_flags(second, CUnsignedLong(X509_V_FLAG_PARTIAL_CHAIN))
        X509_STORE_CTX_set_verify_cb(second, X509_STORE_CTX_get_verify_cb(first))
        let isGood = X509_verify_cert(second) > 0
        let verdict = X509_STORE_CTX_get_error(second)
        guard isGood else {
            // What stands against a chain that leads somewhere says more than that another leads nowhere.
            if !leadsNowhere(verdict) { X509_STORE_CTX_set_error(first, verdict) }
            return false
        }
        guard let chain = X509_STORE_CTX_get1_chain(second) else { return false }
        // What a client shows above its own certificate is verified by nothing when that one is the anchor.
        let count = TrustAnchors.verifiedCount(in: second)
        while reprise_x509_stack_count(chain) > count { X509_free(reprise_x509_stack_pop(chain)) }
        X509_STORE_CTX_set0_verified_chain(first, chain)
        X509_STORE_CTX_set_error(first, CInt(X509_V_OK))
        return true
    }
}
