import CRepriseOpenSSL
import RepriseVocabulary

/// Reads certificates and keys out of the bytes of PEM files.
enum PEMFile {
    /// Every certificate of the file, in its order, each with one reference that is the caller's.
    ///
    /// - Parameter file: a chain may have its key and parameters beside it, as many servers want it in one file;
    ///   authorities are certificates alone.
    static func certificates(
        in bytes: [UInt8], as file: CertificateError.File = .chain, reading: CertificateReading? = nil
    ) throws(CertificateError) -> [OpaquePointer] {
        try checkSize(bytes, file)
        let form: PEMForm
        do throws(PEMFault) {
            form = try PEMForm.of(bytes)
        } catch {
            throw .form(file, error)
        }
        if form.blocks.isEmpty { throw bytes.withUnsafeBytes { notPEM($0, file) } }
        if let stranger = form.stranger(
            but: { isCertificate($0) || file == .chain && (isPrivateKey($0) || isParameters($0)) },
            in: file == .authorities ? .authorities : .chain)
        {
            throw .form(file, stranger)
        }
        var found: [OpaquePointer] = []
        do throws(CertificateError) {
            let most = file == .authorities ? TLSLimits.authorities : TLSLimits.chainCertificates
            let read = try collectCertificates(in: bytes, atMost: most, reading, into: &found)
            guard read == form.blocks.count else { throw .form(file, .unread(line: form.blocks[read].line)) }
            return found
        } catch {
            found.forEach(X509_free)
            throw error
        }
    }

    private static func isCertificate(_ label: String) -> Bool {
        [PEM_STRING_X509, PEM_STRING_X509_OLD, PEM_STRING_X509_TRUSTED].contains(label)
    }

    /// Whether libcrypto finds a key behind the label: other keys, such as OpenSSH's, it skips.
    private static func isPrivateKey(_ label: String) -> Bool {
        [
            PEM_STRING_PKCS8INF, PEM_STRING_PKCS8, PEM_STRING_RSA, PEM_STRING_ECPRIVATEKEY, PEM_STRING_DSA,
        ].contains(label)
    }

    private static func isParameters(_ label: String) -> Bool {
        [PEM_STRING_ECPARAMETERS, PEM_STRING_DHPARAMS, PEM_STRING_DHXPARAMS, PEM_STRING_DSAPARAMS].contains(label)
    }

    /// - Returns: how many blocks libcrypto saw, of any label.
    private static func collectCertificates(
        in bytes: [UInt8], atMost most: Int, _ reading: CertificateReading?, into found: inout [OpaquePointer]
    ) throws(CertificateError) -> Int {
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
                guard isCertificate(block.label) else { continue }
                guard let certificate = block.certificate(found.isEmpty ? nil : reading) else {
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
        guard found.count <= most else { throw .tooManyCertificates(found.count, most: most) }
        return labels.count
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
    /// The file holds one key, and may hold certificates and parameters beside it. Never asks on the terminal: without
    /// a passphrase an encrypted key is an error.
    /// - Returns: whether it was encrypted, too.
    static func privateKey(
        in file: Secret, passphrase: Secret?, reading: CertificateReading
    ) throws(CertificateError) -> (key: OpaquePointer, wasEncrypted: Bool) {
        let question = PassphraseQuestion(answer: passphrase)
        let result: Result<OpaquePointer, CertificateError> = file.withBytes { bytes in
            do throws(CertificateError) {
                try checkKeyFile(bytes)
            } catch {
                return .failure(error)
            }
            ErrorQueue.clear()
            if let key = plainKey(in: bytes, reading) { return .success(key) }
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
            return .failure(.keyIsDamaged(detail: errors.summary))
        }
        return (try result.get(), question.wasAsked)
    }

    /// The key of a file whose key is not encrypted; `nil` where libcrypto has to say what is wrong with it.
    private static func plainKey(in bytes: UnsafeRawBufferPointer, _ reading: CertificateReading) -> OpaquePointer? {
        guard let memory = BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count)) else { return nil }
        defer {
            BIO_free(memory)
            ErrorQueue.clear()
        }
        while let block = nextBlock(in: memory) {
            defer { block.free() }
            guard isPrivateKey(block.label) else { continue }
            // An encrypted one says so in its header or its label.
            return block.header.pointee == 0 ? reading.key(labelled: block.label, block.data, block.count) : nil
        }
        return nil
    }

    /// Sees to it that no block of a key's file is passed over; labels are no secret.
    private static func checkKeyFile(_ bytes: UnsafeRawBufferPointer) throws(CertificateError) {
        try checkSize(bytes, .key)
        let form: PEMForm
        do throws(PEMFault) {
            form = try PEMForm(bytes)
        } catch {
            throw .form(.key, error)
        }
        guard !form.blocks.isEmpty else { throw notPEM(bytes, .key) }
        let keys = form.blocks.filter { isPrivateKey($0.label) }
        guard !keys.isEmpty else {
            let format = form.labels.lazy.compactMap { FileFormat(label: $0) }.first { $0 != .certificate }
            throw format.map { .form(.key, .format($0)) } ?? .noKeyInFile(found: form.labels)
        }
        let stranger = form.stranger(
            but: { isPrivateKey($0) || isCertificate($0) || isParameters($0) }, in: .key)
        if let stranger { throw .form(.key, stranger) }
        guard keys.count == 1 else { throw .form(.key, .secondKey(line: keys[1].line)) }
        try checkBlocks(of: form, bytes)
    }

    /// Lets libcrypto take every block apart, without a look at what is inside.
    private static func checkBlocks(of form: PEMForm, _ bytes: UnsafeRawBufferPointer) throws(CertificateError) {
        ErrorQueue.clear()
        guard let memory = BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count)) else {
            throw .internalFault(ErrorQueue.drain())
        }
        defer { BIO_free(memory) }
        var read = 0
        while let block = nextBlock(in: memory) {
            block.free()
            read += 1
        }
        let errors = ErrorQueue.drain()
        guard read < form.blocks.count else { return }
        let broken = form.blocks[read]
        guard isPrivateKey(broken.label) else { throw .form(.key, .unread(line: broken.line)) }
        throw .keyIsDamaged(detail: errors.summary)
    }

    private static func notPEM(_ bytes: UnsafeRawBufferPointer, _ file: CertificateError.File) -> CertificateError {
        FileFormat(of: bytes).map { .form(file, .format($0)) } ?? .notPEM(file)
    }

    private static func checkSize(
        _ bytes: some Collection<UInt8>, _ file: CertificateError.File
    ) throws(CertificateError) {
        // A file of blanks alone counts as empty.
        guard bytes.contains(where: { $0 > 0x20 }) else { throw .emptyFile(file) }
        guard bytes.count <= file.mostBytes else { throw .tooLarge(file, bytes: bytes.count) }
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

    /// - Parameter reading: for a certificate behind a leaf, which may have been read before.
    func certificate(_ reading: CertificateReading?) -> OpaquePointer? {
        guard let reading, !isTrusted else { return certificate() }
        return reading.authority(data, count) { certificate() }
    }

    private func certificate() -> OpaquePointer? {
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
