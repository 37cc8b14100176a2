internal import CLibSSL
package import Vocabulary

/// One virtual host: the names it answers to, and its certificates.
package struct HostDefinition: Sendable {
    package let id: String
    package let names: [NamePattern]
    /// At least one; ECDSA and RSA may stand side by side, and libssl takes what the client can verify.
    package let certificates: [ServerCertificate]

    package init(id: String, names: [NamePattern], certificates: [ServerCertificate]) {
        self.id = id
        self.names = names
        self.certificates = certificates
    }
}

/// The hosts of a listener, each with a context of its own. Immutable, shared by the workers.
package final class HostContexts: Sendable {
    let fallback: HostContext
    private let exact: [String: HostContext]
    private let wildcards: [String: HostContext]

    /// Builds the contexts; the first host is the default.
    ///
    /// - Throws: what libssl objects to, such as a key that is too small for the security level.
    package init(hosts: [HostDefinition], settings: ListenerTLSSettings) throws(ContextError) {
        precondition(!hosts.isEmpty, "a listener without hosts")
        var contexts: [HostContext] = []
        var exact: [String: HostContext] = [:]
        var wildcards: [String: HostContext] = [:]
        for host in hosts {
            let context = try HostContext(host, settings: settings)
            contexts.append(context)
            for name in host.names {
                switch name {
                case .exact(let name): exact[name.text] = exact[name.text] ?? context
                case .wildcard(let parent): wildcards[parent.text] = wildcards[parent.text] ?? context
                }
            }
        }
        fallback = contexts[0]
        self.exact = exact
        self.wildcards = wildcards
    }

    /// The host that answers to a name: exact before wildcard.
    func host(named name: ServerName) -> HostContext? {
        if let host = exact[name.text] { return host }
        guard !wildcards.isEmpty, let parent = name.parent else { return nil }
        return wildcards[parent]
    }
}

/// One host's SSL_CTX.
// @unchecked: the SSL_CTX is set up in init and never changed after it; libssl counts its references atomically.
final class HostContext: @unchecked Sendable {
    let id: String
    let context: OpaquePointer
    /// What libssl binds sessions to (design decision D6).
    let sessionIDContext: [UInt8]
    private let certificates: [ServerCertificate]

    init(_ host: HostDefinition, settings: ListenerTLSSettings) throws(ContextError) {
        id = host.id
        certificates = host.certificates
        let context = try ContextSetup.make(settings)
        self.context = context
        sessionIDContext = Self.sessionIDContext(domain: settings.sessions.domain, host: host.id)
        var failure: ContextError?
        for certificate in certificates where failure == nil {
            ErrorQueue.clear()
            let used = SSL_CTX_use_cert_and_key(context, certificate.leaf, certificate.key, certificate.chain, 1)
            guard used != 1 else { continue }
            failure = ContextError(description: "host \(host.id): \(ErrorQueue.drain().text)")
        }
        if certificates.contains(where: { $0.staple != nil }) {
            reprise_SSL_CTX_set_tlsext_status_cb(context, statusCallback)
            reprise_SSL_CTX_set_tlsext_status_arg(context, Unmanaged.passUnretained(self).toOpaque())
        }
        if let failure { throw failure }
    }

    deinit {
        SSL_CTX_free(context)
    }

    /// The OCSP response for the certificate that a connection uses.
    func staple(for certificate: OpaquePointer, at now: WallTime) -> [UInt8]? {
        certificates.first { X509_cmp($0.leaf, certificate) == 0 }?.staple?.bytes(at: now)
    }

    /// SHA-256 of the session domain and the host's id, each behind its length, so that no two pairs meet.
    private static func sessionIDContext(domain: String, host: String) -> [UInt8] {
        var input: [UInt8] = []
        for part in [domain, host] {
            withUnsafeBytes(of: UInt32(part.utf8.count).bigEndian) { input.append(contentsOf: $0) }
            input.append(contentsOf: part.utf8)
        }
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        EVP_Digest(input, input.count, &digest, nil, EVP_sha256(), nil)
        return digest
    }
}
