internal import CLibSSL
internal import Vocabulary

/// Reads PEM files.
enum PEM {
    /// All certificates of a file, at least one; the caller frees them.
    static func certificates(_ bytes: [UInt8]) throws(CertificateError) -> [OpaquePointer] {
        guard !bytes.isEmpty else { throw .chainIsEmpty }
        guard let bio = memory(bytes) else { throw .noCertificate }
        defer { BIO_free(bio) }
        var certificates: [OpaquePointer] = []
        ErrorQueue.clear()
        while certificates.count < ServerCertificate.maximumChain,
            let certificate = PEM_read_bio_X509(bio, nil, nil, nil)
        {
            certificates.append(certificate)
        }
        let errors = ErrorQueue.drain()
        // The end of a PEM file is reported as "no start line".
        let isAtEnd = errors.allSatisfy { $0.library == ERR_LIB_PEM && $0.reason == PEM_R_NO_START_LINE }
        if isAtEnd, !certificates.isEmpty { return certificates }
        for certificate in certificates { X509_free(certificate) }
        if isAtEnd { throw .noCertificate }
        throw .brokenCertificate(position: certificates.count + 1, reason: errors.text)
    }

    /// The private key of a file; the caller frees it.
    static func privateKey(_ bytes: [UInt8], passphrase: Secret?) throws(CertificateError) -> OpaquePointer {
        guard !bytes.isEmpty else { throw .keyIsEmpty }
        guard let bio = memory(bytes) else { throw .noKey(reason: "out of memory") }
        defer { BIO_free(bio) }
        var request = PassphraseRequest(passphrase: passphrase)
        ErrorQueue.clear()
        let key = withUnsafeMutablePointer(to: &request) {
            PEM_read_bio_PrivateKey(bio, nil, passphraseCallback, $0)
        }
        let errors = ErrorQueue.drain()
        if let key { return key }
        guard request.wasAsked else {
            let isMissing = errors.contains { $0.library == ERR_LIB_PEM && $0.reason == PEM_R_NO_START_LINE }
            throw .noKey(reason: isMissing ? "no private key in the file" : errors.text)
        }
        throw passphrase == nil ? .passphraseMissing : .passphraseWrong
    }

    private static func memory(_ bytes: [UInt8]) -> OpaquePointer? {
        // BIO_new_mem_buf only points at the bytes: a copy that BIO_free takes away is safer than a borrowed array.
        guard let bio = BIO_new(BIO_s_secmem()) else { return nil }
        guard BIO_write(bio, bytes, CInt(clamping: bytes.count)) == bytes.count else {
            BIO_free(bio)
            return nil
        }
        return bio
    }
}

/// What the passphrase callback needs; it lives for one call.
private struct PassphraseRequest {
    let passphrase: Secret?
    var wasAsked = false
}

/// Hands OpenSSL the passphrase we have, or none: it would ask on the terminal without a callback.
private func passphraseCallback(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: CInt, _ isEncrypting: CInt, _ context: UnsafeMutableRawPointer?
) -> CInt {
    guard let buffer, let request = context?.assumingMemoryBound(to: PassphraseRequest.self) else { return -1 }
    request.pointee.wasAsked = true
    guard let passphrase = request.pointee.passphrase, passphrase.count <= Int(size) else { return -1 }
    passphrase.withBytes {
        UnsafeMutableRawPointer(buffer).copyMemory(
            from: $0.baseAddress ?? UnsafeRawPointer(buffer), byteCount: $0.count)
    }
    return CInt(passphrase.count)
}
