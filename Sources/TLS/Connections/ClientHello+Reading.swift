import CLibSSL

extension ClientHello {
    /// Reads the extensions of the ClientHello that libssl holds; only inside its client_hello callback.
    static func read(from ssl: OpaquePointer) -> Result<ClientHello, ClientHelloError> {
        do throws(ClientHelloError) {
            return .success(
                try ClientHello(
                    serverName: bytes(of: TLSEXT_TYPE_server_name, in: ssl),
                    protocols: bytes(of: TLSEXT_TYPE_application_layer_protocol_negotiation, in: ssl),
                    versions: bytes(of: TLSEXT_TYPE_supported_versions, in: ssl),
                    ticket: bytes(of: TLSEXT_TYPE_session_ticket, in: ssl)))
        } catch {
            return .failure(error)
        }
    }

    private static func bytes(of type: CInt, in ssl: OpaquePointer) -> UnsafeBufferPointer<UInt8>? {
        var start: UnsafePointer<UInt8>?
        var count = 0
        guard SSL_client_hello_get0_ext(ssl, CUnsignedInt(type), &start, &count) == 1 else { return nil }
        return UnsafeBufferPointer(start: start, count: count)
    }
}
