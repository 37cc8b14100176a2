import CRepriseOpenSSL
import Glibc
import RepriseVocabulary

/// Who may vouch for servers that we connect to, ready to verify with.
///
/// Immutable, and shared by the workers.
// @unchecked: immutable after init; libcrypto counts references atomically.
package final class ServerTrust: @unchecked Sendable {
    /// What servers' chains must lead to.
    enum Anchors {
        /// The certificates that libssl finds by itself (SSL_CTX_set_default_verify_paths(3)).
        case system
        case own(TrustAnchors)
    }

    let anchors: Anchors
    /// How many certificates may stand between the server's and an authority; `nil` for libssl's own bound of 100.
    let depth: Int?
    private let authorities: [OpaquePointer]
    private let revocations: Revocations?
    /// What sessions are bound to: who vouches, whom the lists name, how long chains may be.
    package let fingerprint: [UInt8]

    /// - Parameters:
    ///   - authoritiesPEM: the certificates that chains must lead to, at least one; `nil` for the system's.
    ///   - revocationPEM: revocation lists, signed by authorities of that file; with any, every certificate of a chain must be
    ///     covered by one. Not without such a file.
    package init(
        authoritiesPEM: [UInt8]?, revocationPEM: [UInt8]? = nil, depth: Int? = nil
    ) throws(ClientAuthenticationError) {
        let files: AuthorityFiles? =
            if let authoritiesPEM {
                try AuthorityFiles(authoritiesPEM: authoritiesPEM, revocationPEM: revocationPEM)
            } else { nil }
        if let files {
            let own = TrustAnchors(files.authorities)
            if files.revocations != nil { own.askAboutRevocations(serverChainRevocationAsked) }
            anchors = .own(own)
        } else {
            anchors = .system
        }
        ErrorQueue.clear()
        (authorities, revocations, self.depth) = (files?.authorities ?? [], files?.revocations, depth)
        // The files as they are: what they say of a certificate's uses counts as much as which certificates they hold.
        let parts = [
            authoritiesPEM == nil ? "system" : "own", Self.systemState(authoritiesPEM == nil), "\(depth ?? -1)",
        ]
        fingerprint = SessionCrypto.sha256(
            Array(parts.joined(separator: ":").utf8) + [0] + SessionCrypto.sha256(authoritiesPEM ?? [])
                + SessionCrypto.sha256(revocationPEM ?? []))
    }

    deinit {
        authorities.forEach(X509_free)
    }

    /// The files that libssl takes the system's authorities from: a file, and folders.
    package static var systemPaths: [String] {
        [
            (X509_get_default_cert_file_env(), X509_get_default_cert_file()),
            (X509_get_default_cert_dir_env(), X509_get_default_cert_dir()),
        ].flatMap { variable, fallback -> [String] in
            let own = variable.flatMap { getenv($0) }
            let text = (own.map { UnsafePointer($0) } ?? fallback).map { String(cString: $0) } ?? ""
            // Folders may be several (X509_LOOKUP_hash_dir(3)); a file's name with a colon in it is looked at in vain.
            return text.split(separator: ":").map(String.init)
        }
    }

    /// What tells the system's authorities before a change of theirs from those after it.
    private static func systemState(_ isAsked: Bool) -> String {
        guard isAsked else { return "" }
        return systemPaths.flatMap { path in [path] + names(in: path).map { "\(path)/\($0)" } }.map { path in
            var status = stat()
            guard stat(path, &status) == 0 else { return "-" }
            return "\(status.st_ino),\(status.st_size),\(status.st_mtim.tv_sec),\(status.st_mtim.tv_nsec)"
        }.joined(separator: ";")
    }

    /// What a folder holds, in the order of the names; nothing for what is none.
    private static func names(in folder: String) -> [String] {
        guard let open = opendir(folder) else { return [] }
        defer { closedir(open) }
        var names: [String] = []
        while let entry = readdir(open) {
            names.append(
                withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                })
        }
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }

    /// Has a client's context verify by it.
    func apply(to context: OpaquePointer) -> Bool {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        if let depth { SSL_CTX_set_verify_depth(context, CInt(depth)) }
        switch anchors {
        case .system: return SSL_CTX_set_default_verify_paths(context) == 1
        case .own(let own):
            if own.partial != nil {
                // The context holds them.
                SSL_CTX_set_cert_verify_callback(
                    context, chainVerified, Unmanaged.passUnretained(own).toOpaque())
            }
            return reprise_ctx_set_verify_store(context, own.rooted) == 1
        }
    }

    /// By when the first of the revocation lists must be replaced; never without lists.
    func nextUpdate(at now: WallTime) -> WallTime { revocations?.nextUpdate(at: now) ?? .distantFuture }

    fileprivate func revocation(
        of certificates: [PeerChain.Certificate], at time: WallTime
    ) -> ClientAuthentication.Revocation {
        revocations?.judge(certificates, at: time) ?? .none
    }
}

/// X509_STORE_set_check_revocation(3) for servers' chains.
private func serverChainRevocationAsked(_ storeContext: OpaquePointer?) -> CInt {
    guard let storeContext else { return 0 }
    guard let pointer = X509_STORE_CTX_get_ex_data(storeContext, SSL_get_ex_data_X509_STORE_CTX_idx()),
        let trust = ClientConnection.behind(OpaquePointer(pointer))?.trust,
        let chain = X509_STORE_CTX_get0_chain(storeContext)
    else {
        X509_STORE_CTX_set_error(storeContext, X509_V_ERR_UNSPECIFIED)
        return 0
    }
    // The clock by which libcrypto judges the certificates' own times.
    let now = WallTime(secondsSinceEpoch: Int64(time(nil)))
    let count = TrustAnchors.verifiedCount(in: storeContext)
    return trust.revocation(of: PeerChain.certificates(of: chain, atMost: count), at: now).verdict(in: storeContext)
}
