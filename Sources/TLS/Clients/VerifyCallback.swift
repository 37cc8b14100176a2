import CRepriseOpenSSL

/// SSL_set_verify(3): once for each certificate of a client's chain, after libcrypto has judged it.
func clientCertificateJudged(_ isGood: CInt, _ storeContext: OpaquePointer?) -> CInt {
    guard isGood == 1, let storeContext, X509_STORE_CTX_get_error_depth(storeContext) == 0 else { return isGood }
    guard let pointer = X509_STORE_CTX_get_ex_data(storeContext, SSL_get_ex_data_X509_STORE_CTX_idx()),
        let connection = ServerConnection.behind(OpaquePointer(pointer)),
        let leaf = X509_STORE_CTX_get_current_cert(storeContext), let demanded = connection.clientAuthentication
    else { return 0 }
    guard demanded.admits(leaf) else {
        X509_STORE_CTX_set_error(storeContext, X509_V_ERR_HOSTNAME_MISMATCH)
        return 0
    }
    return 1
}
