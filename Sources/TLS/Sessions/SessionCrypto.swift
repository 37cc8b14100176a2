import CRepriseOpenSSL

/// Random bytes for names of sessions, and digests that tell hosts apart: from libcrypto.
package enum SessionCrypto {
    /// That many unpredictable bytes.
    package static func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, made in
            // A guessable name would void other lineages: we cannot go on without randomness. Library.check() has seen
            // it at the start, and libcrypto seeds it from getrandom(2), which does not fail later.
            let result = RAND_bytes(buffer.baseAddress, CInt(count))
            precondition(result == 1, "libcrypto has no randomness: \(ErrorQueue.drain().summary)")
            made = count
        }
    }

    /// The SHA-256 of a text.
    package static func sha256(_ text: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        // Library.check() has fetched it, and the provider stays loaded.
        let result = EVP_Digest(text, text.count, &digest, nil, EVP_sha256(), nil)
        precondition(result == 1, "libcrypto has no SHA-256: \(ErrorQueue.drain().summary)")
        return digest
    }

    /// The first eight bytes of the SHA-256 of a text, as a number; the same on every machine.
    package static func digest(_ text: [UInt8]) -> UInt64 {
        withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { digest in
            // As above.
            let result = EVP_Digest(
                text, text.count, digest.baseAddress?.assumingMemoryBound(to: UInt8.self), nil, EVP_sha256(), nil)
            precondition(result == 1, "libcrypto has no SHA-256: \(ErrorQueue.drain().summary)")
            return UInt64(bigEndian: digest.load(as: UInt64.self))
        }
    }
}
