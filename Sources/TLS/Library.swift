import CRepriseOpenSSL

/// The libssl that this process runs with.
package enum Library {
    /// Its name and version, such as `OpenSSL 3.0.22 …`.
    package static var version: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }

    /// Has libcrypto take nothing down at exit(3), where other threads may still be inside it (OPENSSL_INIT_NO_ATEXIT); the
    /// system takes the memory back anyway. Without effect once libcrypto is in use: the first call of all decides.
    package static func leaveCleanupToTheSystem() {
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    }
}
