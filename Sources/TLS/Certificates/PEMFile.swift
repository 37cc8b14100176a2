import CLibSSL
import Vocabulary

/// Reads certificates and keys out of the bytes of PEM files.
enum PEMFile {
    /// Every certificate of the file, in its order, each with one reference that is the caller's.
    static func certificates(in bytes: [UInt8]) throws(CertificateError) -> [OpaquePointer] {
        try checkForm(bytes, .chain)
        var found: [OpaquePointer] = []
        do throws(CertificateError) {
            try collectCertificates(in: bytes, into: &found)
            return found
        } catch {
            found.forEach(X509_free)
            throw error
        }
    }

    private static func collectCertificates(
        in bytes: [UInt8], into found: inout [OpaquePointer]
    ) throws(CertificateError) {
        var labels: [String] = []
        let failure: CertificateError? = bytes.withUnsafeBytes { bytes in
            ErrorQueue.clear()
            guard let memory = BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count)) else {
                return .internalFault(ErrorQueue.drain())
            }
            defer { BIO_free(memory) }
            while let block = nextBlock(in: memory) {
                defer { block.free() }
                labels.append(block.label)
                guard block.isCertificate else { continue }
                guard let certificate = block.certificate() else {
                    return .chainHasGarbage(certificate: found.count + 1, detail: ErrorQueue.drain().summary)
                }
                found.append(certificate)
            }
            // A file ends with "no start line"; anything else is a block that broke off.
            let errors = ErrorQueue.drain()
            guard let last = errors.last, !(last.library == ERR_LIB_PEM && last.reason == PEM_R_NO_START_LINE) else {
                return nil
            }
            return .chainHasGarbage(certificate: found.count + 1, detail: errors.summary)
        }
        if let failure { throw failure }
        guard !found.isEmpty else { throw .noCertificateInFile(found: labels) }
        guard found.count <= TLSLimits.chainCertificates else { throw .chainTooLong(certificates: found.count) }
    }

    private static func nextBlock(in memory: OpaquePointer) -> PEMBlock? {
        var label: UnsafeMutablePointer<CChar>?
        var header: UnsafeMutablePointer<CChar>?
        var data: UnsafeMutablePointer<UInt8>?
        var count = 0
        guard PEM_read_bio(memory, &label, &header, &data, &count) == 1, let label, let header, let data else {
            return nil
        }
        return PEMBlock(labelBytes: label, header: header, data: data, count: count)
    }

    /// The private key of the file, with one reference that is the caller's.
    ///
    /// Never asks on the terminal: without a passphrase an encrypted key is an error.
    static func privateKey(in file: Secret, passphrase: Secret?) throws(CertificateError) -> OpaquePointer {
        let question = PassphraseQuestion(answer: passphrase)
        let result: Result<OpaquePointer, CertificateError> = file.withBytes { bytes in
            do throws(CertificateError) {
                try checkForm(bytes, .key)
            } catch {
                return .failure(error)
            }
            ErrorQueue.clear()
            guard let memory = BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count)) else {
                return .failure(.internalFault(ErrorQueue.drain()))
            }
            defer { BIO_free(memory) }
            let argument = Unmanaged.passUnretained(question).toOpaque()
            let key = withExtendedLifetime(question) {
                PEM_read_bio_PrivateKey(memory, nil, answerPassphrase, argument)
            }
            let errors = ErrorQueue.drain()
            if let key { return .success(key) }
            if question.wasAsked { return .failure(passphrase == nil ? .keyEncrypted : .wrongPassphrase) }
            let labels = labels(in: bytes)
            guard labels.contains(where: { $0.hasSuffix("PRIVATE KEY") }) else {
                return .failure(.noKeyInFile(found: labels))
            }
            return .failure(.keyIsDamaged(detail: errors.summary))
        }
        return try result.get()
    }

    private static func checkForm(
        _ bytes: some Collection<UInt8>, _ file: CertificateError.File
    ) throws(CertificateError) {
        // Blanks alone are as good as nothing.
        guard bytes.contains(where: { $0 > 0x20 }) else { throw .emptyFile(file) }
        guard bytes.count <= TLSLimits.pemFileBytes else { throw .tooLarge(file, bytes: bytes.count) }
        guard bytes.firstRange(of: Array("-----BEGIN ".utf8)) != nil else { throw .notPEM(file) }
    }

    /// The words between `-----BEGIN ` and `-----`, which are no secret.
    private static func labels(in bytes: UnsafeRawBufferPointer) -> [String] {
        bytes.ranges(of: Array("-----BEGIN ".utf8)).prefix(TLSLimits.chainCertificates).map { range in
            String(escaping: bytes[range.upperBound...].prefix(40).prefix { $0 != UInt8(ascii: "-") })
        }
    }
}

/// One block of a PEM file, in libcrypto's memory.
private struct PEMBlock {
    let labelBytes: UnsafeMutablePointer<CChar>
    let header: UnsafeMutablePointer<CChar>
    let data: UnsafeMutablePointer<UInt8>
    let count: Int

    var label: String { String(cString: labelBytes) }
    var isTrusted: Bool { label == PEM_STRING_X509_TRUSTED }
    var isCertificate: Bool { label == PEM_STRING_X509 || label == PEM_STRING_X509_OLD || isTrusted }

    func certificate() -> OpaquePointer? {
        var start: UnsafePointer<UInt8>? = UnsafePointer(data)
        return isTrusted ? d2i_X509_AUX(nil, &start, count) : d2i_X509(nil, &start, count)
    }

    /// Wipes the data as well: the block may have been a key.
    func free() {
        reprise_openssl_free(labelBytes)
        reprise_openssl_free(header)
        reprise_openssl_clear_free(data, count)
    }
}
