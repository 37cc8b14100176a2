internal import Configuration
internal import TLS
internal import Vocabulary

/// Everything the plan names that lies in files or in libssl: loaded, checked, with every fault at its place.
struct Material: Sendable {
    /// The loaded certificates by the place of their block in the configuration.
    private(set) var certificates: [Source: LoadedCertificate] = [:]
    /// The hosts' contexts by the listener's name; all of them when there is no fault.
    private(set) var hosts: [String: HostContexts] = [:]
    private(set) var faults: [Fault] = []
    private(set) var warnings: [Fault] = []
    private let files: ConfigurationSource

    /// A certificate that is ready for use, and where it came from.
    struct LoadedCertificate: Sendable {
        let certificate: ServerCertificate
        let chain: FileReference
        /// Where the OCSP response came from that is stapled to it.
        let ocsp: FileReference?
        /// The state of that file before it was read.
        let ocspStamp: FileStamp?
    }

    /// Loads what the configuration refers to.
    ///
    /// - Parameters:
    ///   - now: what validity is judged by.
    ///   - files: gives the files.
    init(
        _ loaded: LoadedConfiguration, at now: WallTime,
        from files: ConfigurationSource
    ) {
        self.files = files
        for certificate in loaded.certificates { load(certificate, at: now) }
        for tls in loaded.tls { check(tls) }
        guard faults.isEmpty, let plan = loaded.plan else { return }
        for listener in plan.listeners { buildHosts(of: listener) }
    }

    /// What libssl objects to shows only here: a key that is too small for the security level, for one.
    private mutating func buildHosts(of listener: ListenerPlan) {
        let definitions = listener.tls.hosts.map { host in
            HostDefinition(
                id: host.id, names: host.names,
                certificates: host.certificates.compactMap { certificates[$0.source]?.certificate })
        }
        do {
            // The hosts' contexts hold no ticket key: libssl asks the listener's own.
            let settings = ListenerTLSSettings(listener, ticketKey: SessionSettings.randomTicketKey())
            hosts[listener.name] = try HostContexts(hosts: definitions, settings: settings)
        } catch {
            faults.append(Fault(source: listener.tls.source, message: "\(error)"))
        }
    }

    private mutating func load(_ plan: CertificatePlan, at now: WallTime) {
        let chain = read(plan.chain)
        let key = readSecret(plan.key)
        let passphrase = plan.passphraseFile.flatMap { file in readSecret(file).map(Self.firstLine) }
        let stamp = plan.ocsp.flatMap { FileStamp($0.path) }
        let ocsp = plan.ocsp.flatMap { file in read(file) }
        guard let chain, let key, plan.passphraseFile == nil || passphrase != nil, plan.ocsp == nil || ocsp != nil
        else { return }
        do throws(CertificateError) {
            let certificate = try ServerCertificate(
                chainPEM: chain, keyPEM: key, passphrase: passphrase, ocspResponse: ocsp)
            certificates[plan.source] = LoadedCertificate(
                certificate: certificate, chain: plan.chain, ocsp: plan.ocsp, ocspStamp: stamp)
            for warning in certificate.warnings(at: now) {
                warnings.append(Fault(source: plan.chain.source, message: "\(plan.chain.shownPath): \(warning)"))
            }
        } catch {
            let file = error.isAbout(plan)
            faults.append(Fault(source: file.source, message: "\(file.shownPath): \(error)"))
        }
    }

    private mutating func readSecret(_ file: FileReference) -> Secret? {
        do {
            return try files.readSecret(file.path)
        } catch {
            faults.append(Fault(source: file.source, message: "\(file.path): cannot be read: \(error)"))
            return nil
        }
    }

    private mutating func read(_ file: FileReference) -> [UInt8]? {
        do {
            return try files.readFile(file.path)
        } catch {
            faults.append(Fault(source: file.source, message: "\(file.shownPath): cannot be read: \(error)"))
            return nil
        }
    }

    private mutating func check(_ plan: TLSPlan) {
        for fault in TLSSettings(plan).faults() {
            faults.append(Fault(source: plan.place(of: fault.part), message: fault.message))
        }
    }

    /// The passphrase in a file: its first line.
    private static func firstLine(_ file: Secret) -> Secret {
        file.withBytes { bytes in
            let end = bytes.firstIndex { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") } ?? bytes.endIndex
            return Secret(copying: UnsafeRawBufferPointer(rebasing: bytes[..<end]))
        }
    }
}

extension CertificateError {
    /// The file that is to blame.
    fileprivate func isAbout(_ plan: CertificatePlan) -> FileReference {
        switch self {
        case .emptyFile(let file), .tooLarge(let file, _), .notPEM(let file): file == .chain ? plan.chain : plan.key
        case .noCertificateInFile, .chainHasGarbage, .chainTooLong, .internalFault: plan.chain
        case .wrongPassphrase: plan.passphraseFile ?? plan.key
        case .noKeyInFile, .keyEncrypted, .keyIsDamaged, .keyDoesNotMatch, .unsupportedKey: plan.key
        case .staple: plan.ocsp ?? plan.chain
        }
    }
}
