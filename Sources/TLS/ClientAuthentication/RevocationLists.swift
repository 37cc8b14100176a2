import CRepriseOpenSSL

/// Reads revocation lists (RFC 5280 §5) out of a PEM file.
enum RevocationLists {
    /// What every list of the file says.
    ///
    /// - Parameter authorities: the certificates that may have signed them. A list of any other signer is a fault,
    ///   however good it looks: it would cover clients that it knows nothing of.
    static func read(
        _ pem: [UInt8], signedBy authorities: [OpaquePointer]
    ) throws(ClientAuthenticationError) -> Revocations {
        let form = try form(of: pem)
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        guard let memory = BIO_new(BIO_s_mem()) else { throw .noRevocationList }
        defer { BIO_free(memory) }
        guard BIO_write(memory, pem, CInt(pem.count)) == CInt(pem.count) else { throw .noRevocationList }
        var revocations = Revocations()
        var count = 0
        while let list = PEM_read_bio_X509_CRL(memory, nil, nil, nil) {
            count += 1
            let owned = RevocationList(list)
            let signers = try signers(of: list, number: count, among: authorities)
            for issuer in signers { revocations.add(owned, of: issuer) }
            ErrorQueue.clear()
        }
        let errors = ErrorQueue.drain()
        let isEnd = errors.last.map { $0.library == ERR_LIB_PEM && $0.reason == PEM_R_NO_START_LINE } ?? true
        guard isEnd else { throw .damagedRevocationList(list: count + 1, detail: errors.summary) }
        guard count > 0 else { throw .noRevocationList }
        // A list that libcrypto skips might have revoked a client.
        guard count == form.blocks.count else { throw .revocationForm(.unread(line: form.blocks[count].line)) }
        return revocations
    }

    private static func form(of pem: [UInt8]) throws(ClientAuthenticationError) -> PEMForm {
        let form: PEMForm
        do throws(PEMFault) {
            form = try PEMForm.of(pem)
        } catch {
            throw .revocationForm(error)
        }
        if form.blocks.isEmpty, let format = pem.withUnsafeBytes({ FileFormat(of: $0) }) {
            throw .revocationForm(.format(format))
        }
        if let stranger = form.stranger(but: { $0 == PEM_STRING_X509_CRL }, in: .revocations) {
            throw .revocationForm(stranger)
        }
        return form
    }

    /// Every key that verifies the list, among authorities of its issuer's name.
    private static func signers(
        of list: OpaquePointer, number: Int, among authorities: [OpaquePointer]
    ) throws(ClientAuthenticationError) -> Set<PeerChain.Issuer> {
        let name = X509_CRL_get_issuer(list)
        let shown = X509Reading.name(name)
        let namesakes = authorities.filter { X509_NAME_cmp(X509_get_subject_name($0), name) == 0 }
        let signers = namesakes.filter { X509_CRL_verify(list, X509_get0_pubkey($0)) == 1 }
        guard !signers.isEmpty else {
            throw .foreignRevocationList(list: number, issuer: shown, hasNamesake: !namesakes.isEmpty)
        }
        let entitled = signers.filter { mayHaveSigned(list, $0) }
        guard !entitled.isEmpty else { throw .unentitledRevocationList(list: number, issuer: shown) }
        return Set(entitled.map { PeerChain.Issuer(name: name, keyOf: $0) })
    }

    /// Whether a certificate's uses allow it (RFC 5280 §4.2.1.3), and the list means no other key.
    private static func mayHaveSigned(_ list: OpaquePointer, _ authority: OpaquePointer) -> Bool {
        // Without the extension all uses are allowed: every bit is set.
        guard X509_get_key_usage(authority) & UInt32(KU_CRL_SIGN) != 0 else { return false }
        guard let pointer = X509_CRL_get_ext_d2i(list, NID_authority_key_identifier, nil, nil) else { return true }
        let identifier = pointer.assumingMemoryBound(to: AUTHORITY_KEYID.self)
        defer { AUTHORITY_KEYID_free(identifier) }
        return X509_check_akid(authority, identifier) == X509_V_OK
    }
}
