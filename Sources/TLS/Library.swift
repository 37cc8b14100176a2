internal import CLibSSL

/// The libssl this process runs with, and what it knows.
package enum Library {
    /// Its version, such as `OpenSSL 3.0.22 …`.
    package static var version: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }

    /// Whether a key-exchange group of that name can be negotiated.
    package static func knows(group name: String) -> Bool {
        trial { reprise_SSL_CTX_set1_groups_list($0, name) == 1 }
    }

    /// Whether a signature algorithm of that name can be negotiated.
    static func knows(signatureAlgorithm name: String) -> Bool {
        trial { reprise_SSL_CTX_set1_sigalgs_list($0, name) == 1 }
    }

    /// Whether a TLS 1.3 cipher suite of that name can be negotiated.
    static func knows(ciphersuite name: String) -> Bool {
        trial { SSL_CTX_set_ciphersuites($0, name) == 1 }
    }

    /// Whether a cipher list of one element is understood.
    static func knows(cipher element: String) -> Bool {
        trial { SSL_CTX_set_cipher_list($0, element) == 1 }
    }

    private static func trial(_ body: (OpaquePointer) -> Bool) -> Bool {
        guard let context = SSL_CTX_new(TLS_server_method()) else { return false }
        defer {
            SSL_CTX_free(context)
            ErrorQueue.clear()
        }
        return body(context)
    }
}
