internal import RepriseTLS
internal import RepriseVocabulary

/// TLS with one server, on a connection of a client's or of a health check's. Confined to its loop; it ends with the
/// stream's `close`.
final class EncryptedWay {
    let connection: ClientConnection
    var stream: TLSStream { connection.stream }

    init(
        _ tls: UpstreamTLS, _ names: ClientConnection.ServerNames, _ output: OutputBuffer
    ) throws(ClientError) {
        connection = try ClientConnection(context: tls.context, output: output, names: names)
    }

    /// Drives the handshake as far as the bytes go; the first call writes the ClientHello.
    func handshake() -> HandshakeProgress { connection.handshake() }
}
