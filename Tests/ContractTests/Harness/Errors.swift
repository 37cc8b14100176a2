import CRepriseOpenSSL

/// libcrypto's error queue of this thread.
enum Errors {
    /// Empties it; the oldest entry's reason in libssl's words, or an empty text.
    static func drain() -> String {
        let code = ERR_get_error()
        ERR_clear_error()
        return ERR_reason_error_string(code).map { String(cString: $0) } ?? ""
    }
}
