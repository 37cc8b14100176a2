import CRepriseOpenSSL

/// What the files of `ca` and `crl` hold.
struct AuthorityFiles {
    /// References to the certificates, which are the caller's.
    let authorities: [OpaquePointer]
    let revocations: Revocations?

    /// - Parameters:
    ///   - authoritiesPEM: certificates, at least one.
    ///   - revocationPEM: revocation lists that these have signed.
    init(authoritiesPEM: [UInt8], revocationPEM: [UInt8]?) throws(ClientAuthenticationError) {
        let authorities: [OpaquePointer]
        do throws(CertificateError) {
            authorities = try PEMFile.certificates(in: authoritiesPEM, as: .authorities)
        } catch {
            throw .authorities(error)
        }
        do throws(ClientAuthenticationError) {
            revocations =
                if let revocationPEM { try RevocationLists.read(revocationPEM, signedBy: authorities) } else { nil }
        } catch {
            authorities.forEach(X509_free)
            throw error
        }
        self.authorities = authorities
    }
}
