import CRepriseOpenSSL

/// The application protocols a listener speaks, or a client offers, in the form of the ALPN extension (RFC 7301 §3.1).
final class ApplicationProtocols: Sendable {
    // Written in init only.
    private nonisolated(unsafe) let list: UnsafeMutableBufferPointer<UInt8>

    /// - Throws: ``ContextError/badApplicationProtocol(_:)``
    init(_ names: [String]) throws(ContextError) {
        var bytes: [UInt8] = []
        for name in names {
            guard (1...TLSLimits.protocolNameBytes).contains(name.utf8.count) else {
                throw .badApplicationProtocol(name)
            }
            bytes.append(UInt8(name.utf8.count))
            bytes += Array(name.utf8)
        }
        list = .allocate(capacity: bytes.count)
        _ = list.initialize(from: bytes)
    }

    deinit {
        list.deallocate()
    }

    var isEmpty: Bool { list.isEmpty }

    /// Makes a client's context offer them, in their order.
    ///
    /// - Throws: ``ContextError/internalFault(_:)``
    func offer(in context: OpaquePointer) throws(ContextError) {
        // 0 is success here, unlike elsewhere (SSL_CTX_set_alpn_protos(3)).
        guard SSL_CTX_set_alpn_protos(context, list.baseAddress, CUnsignedInt(list.count)) == 0 else {
            throw .internalFault(ErrorQueue.drain())
        }
    }

    /// The first of ours that the client offers too; it points into our own list, which outlives the connection.
    func choose(from offered: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8>? {
        var chosen: UnsafeMutablePointer<UInt8>?
        var count: UInt8 = 0
        let result = SSL_select_next_proto(
            &chosen, &count, list.baseAddress, CUnsignedInt(list.count), offered.baseAddress,
            CUnsignedInt(offered.count))
        guard result == OPENSSL_NPN_NEGOTIATED, let chosen else { return nil }
        return UnsafeBufferPointer(start: chosen, count: Int(count))
    }
}
