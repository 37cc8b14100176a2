import CRepriseOpenSSL
package import RepriseVocabulary

/// Seals what a session store on another machine keeps: AES-256-GCM (RFC 5116 §5.2) under a key made of a ticket key's
/// secrets, bound to the name under which the store has it.
///
/// Who reads the store learns no secret, and who writes to it can neither alter a session nor put one under the name of
/// another. A sealed session is `version (1), ticket key's name (16), expiry in seconds (8), nonce (12), ciphertext, tag
/// (16)`; all in front of the ciphertext is authenticated too. Nonces are random: a key may seal 2³² sessions
/// (NIST SP 800-38D §8.3).
package enum SessionSeal {
    private static let version: UInt8 = 1
    private static let nonceBytes = 12
    private static let tagBytes = 16
    private static let headBytes = 1 + TicketSecrets.nameBytes + 8 + nonceBytes
    /// How much longer a sealed session is.
    package static let overhead = headBytes + tagBytes

    /// What is sealed: a session's DER, and when it expires.
    package struct Opened: Sendable {
        package let session: Secret
        package let expires: WallTime
    }

    /// Seals a session.
    ///
    /// - Parameter binding: what it is opened with again: the store's key, and whatever else tells it from others.
    /// - Returns: `nil` when libcrypto fails, for want of memory.
    package static func seal(
        _ session: UnsafeRawBufferPointer, expires: WallTime, binding: [UInt8], with secrets: TicketSecrets
    ) -> [UInt8]? {
        defer { ErrorQueue.clear() }
        var sealed = [UInt8](repeating: 0, count: overhead + session.count)
        let isDone = sealed.withUnsafeMutableBytes { out in
            guard let start = out.baseAddress else { return false }
            out[0] = version
            secrets.putName(at: start + 1)
            out.storeBytes(
                of: expires.secondsSinceEpoch.bigEndian, toByteOffset: 1 + TicketSecrets.nameBytes, as: Int64.self)
            let nonce = UnsafeMutableRawBufferPointer(rebasing: out[(headBytes - nonceBytes)..<headBytes])
            guard RAND_bytes(nonce.bytes, CInt(nonceBytes)) == 1 else { return false }
            return withCipher(secrets) { cipher, key in
                var count: CInt = 0
                let body = start + headBytes
                return EVP_EncryptInit_ex(cipher, EVP_aes_256_gcm(), nil, key, nonce.bytes) == 1
                    && EVP_EncryptUpdate(cipher, nil, &count, out.bytes, CInt(headBytes)) == 1
                    && EVP_EncryptUpdate(cipher, nil, &count, binding, CInt(binding.count)) == 1
                    && EVP_EncryptUpdate(
                        cipher, body.assumingMemoryBound(to: UInt8.self), &count, session.bytes, CInt(session.count))
                        == 1
                    && EVP_EncryptFinal_ex(
                        cipher, (body + session.count).assumingMemoryBound(to: UInt8.self), &count) == 1
                    && EVP_CIPHER_CTX_ctrl(
                        cipher, EVP_CTRL_AEAD_GET_TAG, CInt(tagBytes), body + session.count) == 1
            }
        }
        return isDone ? sealed : nil
    }

    /// The name of the ticket key that sealed it; `nil` for what is not sealed, or too long to be a session.
    package static func keyName(of sealed: [UInt8]) -> ArraySlice<UInt8>? {
        guard sealed.first == version, (overhead...(overhead + TLSLimits.sessionBytes)).contains(sealed.count) else {
            return nil
        }
        return sealed[1...TicketSecrets.nameBytes]
    }

    /// The expiry that a sealed session says, before it is known to be genuine; `nil` for what is not sealed.
    package static func expiry(of sealed: [UInt8]) -> WallTime? {
        guard keyName(of: sealed) != nil else { return nil }
        let seconds = sealed[(1 + TicketSecrets.nameBytes)..<(headBytes - nonceBytes)].reduce(UInt64(0)) {
            $0 << 8 | UInt64($1)
        }
        return WallTime(secondsSinceEpoch: Int64(bitPattern: seconds))
    }

    /// Opens what ``seal(_:expires:binding:with:)`` made.
    ///
    /// - Returns: `nil` when it was sealed by other secrets or with another binding, or altered since.
    package static func open(_ sealed: [UInt8], binding: [UInt8], with secrets: TicketSecrets) -> Opened? {
        guard keyName(of: sealed) != nil else { return nil }
        defer { ErrorQueue.clear() }
        var isGenuine = false
        let count = sealed.count - overhead
        let session = Secret(count: count) { out in
            var sealed = sealed
            sealed.withUnsafeMutableBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                let (nonce, body) = (start + (headBytes - nonceBytes), start + headBytes)
                isGenuine = withCipher(secrets) { cipher, key in
                    var length: CInt = 0
                    var none: (UInt64, UInt64) = (0, 0)
                    return EVP_DecryptInit_ex(
                        cipher, EVP_aes_256_gcm(), nil, key, nonce.assumingMemoryBound(to: UInt8.self)) == 1
                        && EVP_DecryptUpdate(
                            cipher, nil, &length, UnsafeMutableRawBufferPointer(bytes).bytes, CInt(headBytes)) == 1
                        && EVP_DecryptUpdate(cipher, nil, &length, binding, CInt(binding.count)) == 1
                        && EVP_DecryptUpdate(
                            cipher, out.bytes, &length, body.assumingMemoryBound(to: UInt8.self), CInt(count)) == 1
                        && EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, CInt(tagBytes), body + count) == 1
                        && withUnsafeMutableBytes(of: &none) {
                            EVP_DecryptFinal_ex(cipher, $0.bytes, &length) == 1
                        }
                }
            }
        }
        guard isGenuine, let expires = expiry(of: sealed) else { return nil }
        return Opened(session: session, expires: expires)
    }

    /// Makes the key for the length of a call: HMAC-SHA-256 of a label, keyed with both secrets (RFC 5869 §2.3 with one
    /// block).
    private static func withCipher(
        _ secrets: TicketSecrets, _ body: (OpaquePointer, UnsafePointer<UInt8>) -> Bool
    ) -> Bool {
        guard let cipher = EVP_CIPHER_CTX_new() else { return false }
        defer { EVP_CIPHER_CTX_free(cipher) }
        let both = Secret(count: secrets.authentication.count + secrets.encryption.count) { buffer in
            secrets.authentication.withBytes { buffer.copyMemory(from: $0) }
            secrets.encryption.withBytes {
                UnsafeMutableRawBufferPointer(rebasing: buffer[secrets.authentication.count...]).copyMemory(from: $0)
            }
        }
        var isMade = false
        let key = Secret(count: 32) { key in
            var count: CUnsignedInt = 0
            isMade = both.withBytes { both in
                HMAC(EVP_sha256(), both.baseAddress, CInt(both.count), label, label.count, key.bytes, &count) != nil
            }
        }
        guard isMade else { return false }
        return key.withBytes { key in key.bytes.map { body(cipher, $0) } ?? false }
    }

    private static let label = Array("reprise session store\u{1}".utf8)
}

extension UnsafeMutableRawBufferPointer {
    fileprivate var bytes: UnsafeMutablePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}

extension UnsafeRawBufferPointer {
    fileprivate var bytes: UnsafePointer<UInt8>? { baseAddress?.assumingMemoryBound(to: UInt8.self) }
}
