import CRepriseOpenSSL

/// What the reading of many certificates has in common, for one thread: libcrypto's decoders of keys, and the certificates
/// of authorities, which stand in many chains and are kept once.
///
/// libcrypto makes a decoder for each key otherwise, which takes several times as long as the key.
package final class CertificateReading {
    /// By the label of the key's block.
    private var decoders: [String: KeyDecoder] = [:]
    /// By their DER form.
    private var authorities: [[UInt8]: OpaquePointer] = [:]

    /// What is common to nothing yet.
    package init() {}

    deinit {
        authorities.values.forEach(X509_free)
    }

    /// The key of a block that is not encrypted, with one reference that is the caller's; `nil` for what takes another
    /// way, or is wrong in some way.
    func key(labelled label: String, _ data: UnsafePointer<UInt8>, _ count: Int) -> OpaquePointer? {
        guard let form = KeyDecoder.Form(label) else { return nil }
        guard let decoder = decoders[label] ?? KeyDecoder(form) else { return nil }
        decoders[label] = decoder
        return decoder.key(data, count)
    }

    /// The certificate behind a leaf, with one reference that is the caller's.
    func authority(
        _ data: UnsafePointer<UInt8>, _ count: Int, parse: () -> OpaquePointer?
    ) -> OpaquePointer? {
        let der = Array(UnsafeBufferPointer(start: data, count: count))
        if let known = authorities[der] {
            X509_up_ref(known)
            return known
        }
        guard let made = parse() else { return nil }
        X509_up_ref(made)
        authorities[der] = made
        return made
    }
}

/// libcrypto's decoder of one form of private keys, which can be used again and again.
private final class KeyDecoder {
    /// How a key is written.
    struct Form {
        /// The kind of key, where the form is of one kind.
        let kind: String?
        let structure: String

        init?(_ label: String) {
            switch label {
            case PEM_STRING_PKCS8INF: (kind, structure) = (nil, "PrivateKeyInfo")
            case PEM_STRING_ECPRIVATEKEY: (kind, structure) = ("EC", "type-specific")
            case PEM_STRING_RSA: (kind, structure) = ("RSA", "type-specific")
            default: return nil
            }
        }
    }

    private let context: OpaquePointer
    /// Where libcrypto puts the key.
    private let made: UnsafeMutablePointer<OpaquePointer?>

    init?(_ form: Form) {
        made = .allocate(capacity: 1)
        made.initialize(to: nil)
        guard
            let context = OSSL_DECODER_CTX_new_for_pkey(
                made, "DER", form.structure, form.kind, reprise_key_pair(), nil, nil)
        else {
            made.deallocate()
            return nil
        }
        self.context = context
    }

    deinit {
        OSSL_DECODER_CTX_free(context)
        made.deallocate()
    }

    /// - Returns: `nil` where the bytes are no such key alone.
    func key(_ data: UnsafePointer<UInt8>, _ count: Int) -> OpaquePointer? {
        made.pointee = nil
        var (start, rest): (UnsafePointer<UInt8>?, Int) = (data, count)
        let isRead = OSSL_DECODER_from_data(context, &start, &rest) == 1
        ErrorQueue.clear()
        guard let key = made.pointee else { return nil }
        made.pointee = nil
        guard isRead, rest == 0 else {
            EVP_PKEY_free(key)
            return nil
        }
        return key
    }
}
