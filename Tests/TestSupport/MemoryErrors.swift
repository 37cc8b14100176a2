import CRepriseOpenSSL

/// What other code of the same thread may have left in libcrypto's error queue.
package enum MemoryErrors {
    /// Leaves entries behind, as a library does that ignores an error.
    package static func leaveSome() {
        var start: UnsafePointer<UInt8>?
        let result = withUnsafePointer(to: UInt8(0)) { byte in
            start = byte
            return d2i_X509(nil, &start, 1)
        }
        precondition(result == nil && ERR_peek_error() != 0, "a byte was taken for a certificate")
    }
}
