import CRepriseOpenSSL

extension ClientHello {
    /// Reads the extensions of the ClientHello that libssl holds; only inside its client_hello callback.
    static func read(from ssl: OpaquePointer) -> Result<ClientHello, ClientHelloError> {
        do throws(ClientHelloError) {
            return .success(
                try ClientHello(
                    serverName: bytes(of: TLSEXT_TYPE_server_name, in: ssl),
                    protocols: bytes(of: TLSEXT_TYPE_application_layer_protocol_negotiation, in: ssl),
                    versions: bytes(of: TLSEXT_TYPE_supported_versions, in: ssl),
                    resumption: resumption(in: ssl)))
        } catch {
            return .failure(error)
        }
    }

    private static func resumption(in ssl: OpaquePointer) -> ResumptionRequest {
        var start: UnsafePointer<UInt8>?
        let count = SSL_client_hello_get0_session_id(ssl, &start)
        // Each lookup of an extension walks over all that libssl knows; only TLS 1.3 has these three.
        guard bytes(of: TLSEXT_TYPE_supported_versions, in: ssl) != nil else {
            return ResumptionRequest(
                sessionID: UnsafeBufferPointer(start: start, count: count),
                ticket: bytes(of: TLSEXT_TYPE_session_ticket, in: ssl), keys: nil, modes: nil, count: nil)
        }
        return ResumptionRequest(
            sessionID: UnsafeBufferPointer(start: start, count: count),
            ticket: bytes(of: TLSEXT_TYPE_session_ticket, in: ssl), keys: bytes(of: TLSEXT_TYPE_psk, in: ssl),
            modes: bytes(of: TLSEXT_TYPE_psk_kex_modes, in: ssl), count: bytes(of: ticketRequest, in: ssl))
    }

    /// The number of the ticket_request extension (RFC 9149 §6), which libssl has no name for.
    static let ticketRequest: CInt = 58

    static func bytes(of type: CInt, in ssl: OpaquePointer) -> UnsafeBufferPointer<UInt8>? {
        var start: UnsafePointer<UInt8>?
        var count = 0
        guard SSL_client_hello_get0_ext(ssl, CUnsignedInt(type), &start, &count) == 1 else { return nil }
        return UnsafeBufferPointer(start: start, count: count)
    }
}
