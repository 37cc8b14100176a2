package import RepriseVocabulary

/// How we speak TLS to servers.
package struct UpstreamTLSPlan: TLSWords, Sendable, Hashable {
    /// Whether a server's certificate must be good.
    package enum Verification: String, Sendable, CaseIterable { case required, none }

    /// What stands for a server's name: the client's own, or none.
    package static let nameOfClient = "client"
    package static let noName = "none"

    var place = Place()
    package var verification = Verification.required
    package var authorities: FileReference?
    package var revocations: FileReference?
    package var depth: Int?
    /// A host name, ``nameOfClient`` or ``noName``.
    package var serverName: Located<String>?
    package var verifiedName: Located<String>?
    package var certificate: FileReference?
    package var key: FileReference?
    package var passphraseFile: FileReference?
    package var profile = TLSProfile.intermediate
    package var minimumVersion: Located<TLSVersion>?
    package var maximumVersion: Located<TLSVersion>?
    package var ciphers: Located<String>?
    package var ciphersuites: Located<String>?
    package var groups: Located<String>?
    package var signatureAlgorithms: Located<String>?
    package var securityLevel: Int?
    package var alpn: [String] = []
    package var resumes = true

    /// The place of the block in the file; it tells one block from another.
    package var source: Source { place.source ?? .nowhere }

    /// What we show servers that ask for a certificate.
    package var shown: CertificatePlan? {
        guard let certificate, let key else { return nil }
        var plan = CertificatePlan()
        (plan.place, plan.chain, plan.key, plan.passphraseFile) = (place, certificate, key, passphraseFile)
        return plan
    }

    /// By which name a server is spoken to, and what its certificate must be for; `nil` where nothing says.
    package func names(of address: ServerAddress) -> (asked: String?, verified: String?) {
        func plain(_ name: Located<String>?) -> String? { name.map { ServerName($0.value)?.text ?? $0.value } }
        let written: String? = if case .name(.host(let host)) = address { host.host.text } else { nil }
        switch serverName?.value {
        case Self.nameOfClient?: return (nil, plain(verifiedName))
        case Self.noName?: return (nil, plain(verifiedName) ?? written)
        case .some: return (plain(serverName), plain(verifiedName) ?? plain(serverName))
        case nil: return (written, plain(verifiedName) ?? written)
        }
    }
}

extension UpstreamPlan {
    /// How a server of the group is spoken to; `nil` for plaintext.
    package func tls(of server: ServerPlan) -> UpstreamTLSPlan? { server.tls ?? tls }
}
