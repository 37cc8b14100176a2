import CLibSSL
import Vocabulary

/// Reads revocation lists (RFC 5280 §5) out of a PEM file.
enum RevocationLists {
    /// Adds every list of the file to the store.
    ///
    /// - Returns: what they say.
    static func add(_ pem: [UInt8], to store: OpaquePointer) throws(ClientAuthenticationError) -> Revocations {
        ErrorQueue.clear()
        let result: Result<Revocations, ClientAuthenticationError> = pem.withUnsafeBytes { bytes in
            guard let memory = BIO_new_mem_buf(bytes.baseAddress, CInt(bytes.count)) else {
                return .failure(.noRevocationList)
            }
            defer { BIO_free(memory) }
            var revocations = Revocations()
            var count = 0
            while let list = PEM_read_bio_X509_CRL(memory, nil, nil, nil) {
                defer { X509_CRL_free(list) }
                count += 1
                X509_STORE_add_crl(store, list)
                collect(list, into: &revocations)
            }
            let errors = ErrorQueue.drain()
            let isEnd = errors.last.map { $0.library == ERR_LIB_PEM && $0.reason == PEM_R_NO_START_LINE } ?? true
            guard isEnd else { return .failure(.damagedRevocationList(list: count + 1, detail: errors.summary)) }
            return count > 0 ? .success(revocations) : .failure(.noRevocationList)
        }
        return try result.get()
    }

    private static func collect(_ list: OpaquePointer, into revocations: inout Revocations) {
        let issuer = PeerChain.Certificate.digest(ofName: X509_CRL_get_issuer(list))
        // Without a next update a list does not become old (X509_verify_cert(3)).
        let end = X509_CRL_get0_nextUpdate(list).flatMap { X509Reading.time($0) }
        revocations.add(list: issuer, until: end ?? WallTime(secondsSinceEpoch: .max))
        let entries = X509_CRL_get_REVOKED(list)
        for index in 0..<reprise_revoked_count(entries) {
            let serial = X509_REVOKED_get0_serialNumber(reprise_revoked_item(entries, index))
            revocations.revoked.insert(
                PeerChain.Certificate(issuer: issuer, serial: PeerChain.Certificate.bytes(of: serial)))
        }
    }
}
