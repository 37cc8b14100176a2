import CRepriseOpenSSL

/// An SSL_CTX that only serves to ask what this libssl knows.
///
/// The questions leave the thread's error queue empty.
final class ScratchContext {
    private let context: OpaquePointer

    /// - Throws: when libssl makes no context at all; ``Library/check()`` says why.
    init() throws(ContextError) {
        ErrorQueue.clear()
        guard let context = SSL_CTX_new(TLS_server_method()) else { throw .internalFault(ErrorQueue.drain()) }
        self.context = context
    }

    deinit {
        SSL_CTX_free(context)
    }

    /// Whether the list selects at least one cipher of TLS 1.2 or older.
    func selectsCiphers(_ list: String) -> Bool {
        defer { ErrorQueue.clear() }
        return SSL_CTX_set_cipher_list(context, list) == 1
    }

    /// Whether every suite of the list is known, and none is named twice.
    func takesCiphersuites(_ list: String) -> Bool {
        defer { ErrorQueue.clear() }
        guard SSL_CTX_set_ciphersuites(context, list) == 1 else { return false }
        let wanted = list.split(separator: ":").map(String.init)
        // libssl silently skips unknown suites: only its offer shows what it took.
        return wanted.allSatisfy(Set(suiteNames).contains)
    }

    /// Whether every group of the list is known, and none is named twice.
    func takesGroups(_ list: String) -> Bool {
        defer { ErrorQueue.clear() }
        return reprise_ctx_set_groups(context, list) == 1
    }

    /// Whether every signature algorithm of the list is known, and none is named twice.
    func takesSignatureAlgorithms(_ list: String) -> Bool {
        defer { ErrorQueue.clear() }
        return reprise_ctx_set_signature_algorithms(context, list) == 1
    }

    /// The security level that a cipher list sets (SSL_CTX_set_security_level(3)), 0 to 5.
    func securityLevel(after list: String) -> Int {
        _ = selectsCiphers(list)
        return Int(SSL_CTX_get_security_level(context))
    }

    private var suiteNames: [String] {
        guard let ciphers = SSL_CTX_get_ciphers(context) else { return [] }
        return (0..<reprise_ciphers_count(ciphers)).compactMap { index in
            SSL_CIPHER_get_name(reprise_ciphers_item(ciphers, index)).map { String(cString: $0) }
        }
    }
}
