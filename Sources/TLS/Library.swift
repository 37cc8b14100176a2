import CLibSSL

/// The libssl that this process runs with.
package enum Library {
    /// Its name and version, such as `OpenSSL 3.0.22 …`.
    package static var version: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }
}
