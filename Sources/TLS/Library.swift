import CRepriseOpenSSL
import Glibc

/// The libssl that this process runs with.
package enum Library {
    /// Its name and version, such as `OpenSSL 3.0.22 …`.
    package static var version: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }

    /// Makes libcrypto free nothing at exit(3), when other threads may still be inside it (OPENSSL_INIT_NO_ATEXIT); the
    /// system takes the memory back anyway. It has no effect once libcrypto is in use: the very first call decides.
    package static func leaveCleanupToTheSystem() {
        OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil)
    }
}

/// Something that every connection needs and libcrypto or libssl lacks.
package struct LibraryError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The missing algorithm, such as `SHA-256`.
    package let missing: String
    /// What the library says of it.
    package let reason: String
    /// The file that says which providers are loaded (config(5)).
    package let configurationFile: String

    package var description: String {
        "this machine's OpenSSL has no \(missing) to offer (\(reason)): see which providers \(configurationFile) activates, "
            + "and its default_properties; OPENSSL_CONF names another file"
    }
}

extension Library {
    /// Tries once what we take for granted from then on: digests, ciphers and randomness come from providers, and the
    /// system's configuration (OPENSSL_CONF) decides which are loaded. None is unloaded while the process lives.
    package static func check() throws(LibraryError) {
        ErrorQueue.clear()
        for (name, isThere) in needs where !isThere() {
            let reason = ErrorQueue.drain().summary
            throw LibraryError(missing: name, reason: reason, configurationFile: configurationFile)
        }
        ErrorQueue.clear()
    }

    private static let needs: [(String, @Sendable () -> Bool)] = [
        ("randomness", { randomBytes() }),
        ("SHA-256", { hasDigest("SHA2-256") }),
        ("SHA-384", { hasDigest("SHA2-384") }),
        ("HMAC", { hasMAC("HMAC") }),
        ("AES-256-CBC", { hasCipher("AES-256-CBC") }),
        ("AES-128-GCM", { hasCipher("AES-128-GCM") }),
        ("TLS server", { hasContext() }),
        ("key derivation of TLS 1.3", { hasKDF("TLS13-KDF") }),
    ]

    private static func randomBytes() -> Bool {
        var bytes: (UInt64, UInt64) = (0, 0)
        return withUnsafeMutableBytes(of: &bytes) {
            RAND_bytes($0.baseAddress?.assumingMemoryBound(to: UInt8.self), CInt($0.count)) == 1
        }
    }

    private static func hasDigest(_ name: String) -> Bool {
        guard let digest = EVP_MD_fetch(nil, name, nil) else { return false }
        EVP_MD_free(digest)
        return true
    }

    private static func hasMAC(_ name: String) -> Bool {
        guard let mac = EVP_MAC_fetch(nil, name, nil) else { return false }
        EVP_MAC_free(mac)
        return true
    }

    private static func hasCipher(_ name: String) -> Bool {
        guard let cipher = EVP_CIPHER_fetch(nil, name, nil) else { return false }
        EVP_CIPHER_free(cipher)
        return true
    }

    private static func hasKDF(_ name: String) -> Bool {
        guard let kdf = EVP_KDF_fetch(nil, name, nil) else { return false }
        EVP_KDF_free(kdf)
        return true
    }

    private static func hasContext() -> Bool {
        guard let context = SSL_CTX_new(TLS_server_method()) else { return false }
        SSL_CTX_free(context)
        return true
    }

    /// Why the system's configuration of OpenSSL is not in force, or only in part; `nil` when it is, or when there is none.
    ///
    /// libssl itself passes over a file that is missing or that it cannot read (OPENSSL_config(3)): a profile of ciphers
    /// or a provider that the operator relies on would be absent without a word.
    package static func configurationFault(isNamed: Bool) -> String? {
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        guard let path = CONF_get1_default_config_file() else { return nil }
        defer { reprise_openssl_free(path) }
        guard path.pointee != 0, let configuration = NCONF_new(nil) else { return nil }
        defer { NCONF_free(configuration) }
        // libcrypto reads a folder as an empty file.
        var status = stat()
        let isReadable = access(path, R_OK) == 0 && stat(path, &status) == 0
        let reason = !isReadable ? errno : status.st_mode & S_IFMT == S_IFDIR ? EISDIR : 0
        guard reason == 0 else {
            // Without OPENSSL_CONF no file has been asked for.
            return isNamed
                ? "OPENSSL_CONF names \(configurationFile), which cannot be read: \(String(cString: strerror(reason)).lowercased())"
                : nil
        }
        var line = 0
        guard NCONF_load(configuration, path, &line) != 1 else { return nil }
        // What libcrypto tells of the line is the line itself, and the file may be another than was meant.
        let errors = ErrorQueue.drain()
        let told = errors.last.map { $0.text.prefix { $0 != "(" } }?.split(separator: " ").joined(separator: " ") ?? ""
        let words = told.isEmpty ? "" : ": \(told)"
        return "\(configurationFile), line \(line): OpenSSL reads its configuration no further\(words)"
    }

    private static var configurationFile: String {
        guard let path = CONF_get1_default_config_file() else { return "openssl.cnf" }
        defer { reprise_openssl_free(path) }
        return String(escaping: UnsafeBufferPointer(start: path, count: strlen(path)).map { UInt8(bitPattern: $0) })
    }
}
