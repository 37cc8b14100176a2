import CRepriseOpenSSL
import Glibc
import RepriseVocabulary

/// X509_STORE_set_check_revocation(3): once for a client's chain, in place of libcrypto's own look at the lists.
///
/// The function that judges what sessions remember judges here too, so that no resumption lets in whom a full handshake
/// refuses. Each list's signature was verified when it was loaded, and is not verified again for each client.
func clientChainRevocationAsked(_ storeContext: OpaquePointer?) -> CInt {
    guard let storeContext else { return 0 }
    guard let pointer = X509_STORE_CTX_get_ex_data(storeContext, SSL_get_ex_data_X509_STORE_CTX_idx()),
        let connection = ServerConnection.behind(OpaquePointer(pointer)),
        let demanded = connection.clientAuthentication, let chain = X509_STORE_CTX_get0_chain(storeContext)
    else {
        X509_STORE_CTX_set_error(storeContext, X509_V_ERR_UNSPECIFIED)
        return 0
    }
    // By the clock that libcrypto judges the certificates' own times with.
    let now = WallTime(secondsSinceEpoch: Int64(time(nil)))
    switch demanded.revocation(of: PeerChain.certificates(of: chain), at: now) {
    case .none: return 1
    case .revoked: X509_STORE_CTX_set_error(storeContext, X509_V_ERR_CERT_REVOKED)
    case .unknown: X509_STORE_CTX_set_error(storeContext, X509_V_ERR_UNABLE_TO_GET_CRL)
    }
    return 0
}
