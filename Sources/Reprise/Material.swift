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
    private let readFile: @Sendable (String) throws(FileReader.Failure) -> [UInt8]

    /// A certificate that is ready for use, and where it came from.
    struct LoadedCertificate: Sendable {
        let certificate: ServerCertificate
        let chain: FileReference
        let staple: LoadedStaple?
    }

    /// An OCSP response and the file it came from.
    struct LoadedStaple: Sendable {
        let file: FileReference
        let response: Staple
    }

    /// Loads what the configuration refers to.
    ///
    /// - Parameters:
    ///   - now: what validity is judged by.
    ///   - read: gives the bytes of a file.
    init(
        _ loaded: LoadedConfiguration, at now: WallTime,
        read: @escaping @Sendable (String) throws(FileReader.Failure) -> [UInt8]
    ) {
        readFile = read
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

    private mutating func load(_ reference: CertificatePlan, at now: WallTime) {
        let chain = read(reference.chain)
        let key = read(reference.key)
        var passphrase: Secret?
        if let file = reference.passphraseFile { passphrase = read(file).map(Self.secret) }
        guard let chain, var key, reference.passphraseFile == nil || passphrase != nil else { return }
        defer { for index in key.indices { key[index] = 0 } }
        do {
            let certificate = try ServerCertificate(
                chainPEM: chain, keyPEM: key, passphrase: passphrase)
            var loaded: LoadedStaple?
            if let file = reference.ocsp { loaded = staple(file, for: certificate) }
            let stapled = loaded.map { certificate.stapling($0.response) }
            certificates[reference.source] = LoadedCertificate(
                certificate: stapled ?? certificate, chain: reference.chain, staple: loaded)
            for warning in certificate.warnings(at: now) {
                warnings.append(Fault(source: reference.chain.source, message: "\(reference.chain.path): \(warning)"))
            }
        } catch {
            blame(error, reference)
        }
    }

    private mutating func blame(_ error: CertificateError, _ reference: CertificatePlan) {
        let file =
            switch error.file {
            case .chain: reference.chain
            case .key: reference.key
            case .passphrase: reference.passphraseFile ?? reference.key
            }
        faults.append(Fault(source: file.source, message: "\(file.path): \(error)"))
    }

    private mutating func staple(
        _ file: FileReference, for certificate: ServerCertificate
    ) -> LoadedStaple? {
        guard let bytes = read(file) else { return nil }
        do {
            return LoadedStaple(file: file, response: try Staple(der: bytes, for: certificate))
        } catch {
            faults.append(Fault(source: file.source, message: "\(file.path): \(error)"))
            return nil
        }
    }

    private mutating func read(_ file: FileReference) -> [UInt8]? {
        do {
            return try readFile(file.path)
        } catch {
            faults.append(Fault(source: file.source, message: "\(file.path): cannot be read: \(error)"))
            return nil
        }
    }

    private mutating func check(_ plan: TLSPlan) {
        for fault in TLSSettings(plan).faults() {
            faults.append(Fault(source: plan.source(of: fault.part), message: fault.message))
        }
    }

    /// The passphrase in a file: its first line.
    private static func secret(_ bytes: [UInt8]) -> Secret {
        var line = Array(bytes.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
        defer { for index in line.indices { line[index] = 0 } }
        return line.withUnsafeBytes { Secret(copying: $0) }
    }
}
