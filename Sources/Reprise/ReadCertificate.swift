internal import RepriseConfiguration
internal import RepriseEventLoop
internal import RepriseTLS
internal import RepriseVocabulary

/// What came of reading one certificate's files: the certificate, or faults; and warnings.
struct ReadCertificate: Sendable {
    private(set) var certificate: LoadedFiles.LoadedCertificate?
    private(set) var faults: [Fault] = []
    private(set) var warnings: [Fault] = []

    /// Reads the files, whose states were taken before.
    ///
    /// - Parameters:
    ///   - now: the time by which to judge validity.
    ///   - reading: what is common to those that the thread reads.
    init(
        _ plan: CertificatePlan, at now: WallTime, from files: ConfigurationSource, _ reading: CertificateReading
    ) {
        let chain = content(of: plan.chain, named: plan.chain.shownPath) { path throws(FileReader.ReadError) in
            try files.readFile(path)
        }
        let key = secret(plan.key, files)
        let passphrase = plan.passphraseFile.flatMap { file in secret(file, files).map(Self.firstLine) }
        let stamp = plan.ocsp.flatMap { files.stamp($0.path) }
        let ocsp = plan.ocsp.flatMap { file in
            content(of: file, named: file.shownPath) { path throws(FileReader.ReadError) in try files.readFile(path) }
        }
        guard let chain, let key, plan.passphraseFile == nil || passphrase != nil, plan.ocsp == nil || ocsp != nil
        else { return }
        do throws(CertificateError) {
            let certificate = try ServerCertificate(
                chainPEM: chain, keyPEM: key, passphrase: passphrase, reading: reading)
            if let ocsp, let file = plan.ocsp { staple(ocsp, of: file, to: certificate) }
            self.certificate = LoadedFiles.LoadedCertificate(
                certificate: certificate, chain: plan.chain, ocsp: plan.ocsp, ocspStamp: stamp)
            for warning in certificate.warnings(at: now) {
                warnings.append(Fault(source: plan.chain.source, message: "\(plan.chain.shownPath): \(warning)"))
            }
            if files.isOpenToAll(plan.key.path) {
                warnings.append(
                    Fault(
                        source: plan.key.source,
                        message:
                            "\(plan.key.shownPath): every user of this machine can read the private key (chmod o-r)"))
            }
        } catch {
            let file = error.isAbout(plan)
            faults.append(Fault(source: file.source, message: "\(file.shownPath): \(error)"))
        }
    }

    /// A response that is wrong costs its clients a lookup, and nobody the service.
    private mutating func staple(_ response: [UInt8], of file: FileReference, to certificate: ServerCertificate) {
        do throws(StapleError) {
            try certificate.staple.replace(der: response)
        } catch {
            warnings.append(
                Fault(source: file.source, message: "\(file.shownPath): the OCSP response is not stapled: \(error)"))
        }
    }

    private mutating func secret(_ file: FileReference, _ files: ConfigurationSource) -> Secret? {
        content(of: file, named: file.path) { path throws(FileReader.ReadError) in try files.readSecret(path) }
    }

    private mutating func content<Content>(
        of file: FileReference, named name: String, _ read: (String) throws(FileReader.ReadError) -> Content
    ) -> Content? {
        do {
            return try read(file.path)
        } catch {
            faults.append(Fault(source: file.source, message: "\(name): cannot be read: \(error)"))
            return nil
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
    /// Whether the fault is in that file.
    fileprivate func isAbout(_ plan: CertificatePlan) -> FileReference {
        switch self {
        case .emptyFile(let file), .tooLarge(let file, _), .notPEM(let file), .form(let file, _):
            file == .key ? plan.key : plan.chain
        case .noCertificateInFile, .chainHasGarbage, .tooManyCertificates, .internalFault: plan.chain
        case .wrongPassphrase: plan.passphraseFile ?? plan.key
        case .noKeyInFile, .keyEncrypted, .keyIsDamaged, .keyDoesNotMatch, .unsupportedKey: plan.key
        case .staple: plan.ocsp ?? plan.chain
        }
    }
}
