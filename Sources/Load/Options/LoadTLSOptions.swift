internal import RepriseEventLoop
internal import RepriseTLS
internal import RepriseVocabulary

/// What the command line says of TLS.
package struct LoadTLSOptions: Sendable {
    /// The only version that is spoken, as in `1.2`; `nil` for TLS 1.2 and 1.3.
    package var versionWord: String?
    /// Lists in libssl's words; libssl's own where there is none.
    package var ciphers: String?
    package var ciphersuites: String?
    package var groups: String?
    package var signatureAlgorithms: String?
    package var securityLevel: Int?
    package var alpn: [String] = []
    /// Anybody's certificate will do.
    package var isInsecure = false
    /// A file of authorities, in the stead of the system's.
    package var authorities: String?
    /// Files of the client's certificate with its chain, and of its key.
    package var certificate: String?
    package var key: String?

    package init() {}

    /// The only version that is spoken.
    func version() throws(LoadFault) -> TLSVersion? {
        switch versionWord {
        case nil: nil
        case "1.2": .tls1_2
        case "1.3": .tls1_3
        default: throw LoadFault(.words, "--tls \(versionWord ?? ""): expected 1.2 or 1.3")
        }
    }

    /// The settings of connections. It reads files: it may block.
    func settings() throws(LoadFault) -> ClientSettings {
        guard !isInsecure || authorities == nil else {
            throw LoadFault(.words, "--insecure and --ca contradict each other: give one of them")
        }
        let version = try version()
        let tls = TLSSettings(
            minimumVersion: version ?? .tls1_2, maximumVersion: version ?? .tls1_3, ciphers: ciphers ?? "DEFAULT",
            ciphersuites: ciphersuites ?? "", groups: groups ?? "", signatureAlgorithms: signatureAlgorithms)
        // What is not asked for is libssl's own, and left empty.
        let given: [TLSSettingsPart: Bool] = [
            .ciphersuites: ciphersuites != nil, .groups: groups != nil,
        ]
        if let fault = tls.faults().first(where: { given[$0.part] ?? true }) {
            throw LoadFault(.words, "--\(fault.part.option) \(fault.message)")
        }
        var settings = ClientSettings(tls: tls, trust: try trust())
        (settings.alpn, settings.securityLevel) = (alpn, securityLevel)
        settings.certificate = try ownCertificate()
        return settings
    }

    private func trust() throws(LoadFault) -> ClientSettings.Trust {
        guard !isInsecure else { return .anybody }
        do {
            return .checked(try ServerTrust(authoritiesPEM: authorities.map { try FileReader.read($0) }))
        } catch {
            throw LoadFault(.system, "--ca \(authorities ?? ""): \(error)")
        }
    }

    private func ownCertificate() throws(LoadFault) -> ServerCertificate? {
        guard certificate != nil || key != nil else { return nil }
        // One file may hold both, as HAProxy's do.
        guard let certificate else { throw LoadFault(.words, "--key needs a --cert") }
        do {
            let chain = try FileReader.read(certificate)
            return try ServerCertificate(chainPEM: chain, keyPEM: FileReader.readSecret(key ?? certificate))
        } catch {
            throw LoadFault(.system, "--cert \(certificate)\(key.map { " --key \($0)" } ?? ""): \(error)")
        }
    }
}

extension TLSSettingsPart {
    /// The option that says it.
    fileprivate var option: String {
        switch self {
        case .versions: "tls"
        case .ciphers: "ciphers"
        case .ciphersuites: "ciphersuites"
        case .groups: "groups"
        case .signatureAlgorithms: "signature-algorithms"
        }
    }
}
