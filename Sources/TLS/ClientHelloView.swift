internal import CLibSSL
internal import Vocabulary

/// The ClientHello that libssl is working on, as far as it decides things. It lives for one callback.
struct ClientHelloView {
    private let ssl: OpaquePointer

    init(_ ssl: OpaquePointer) {
        self.ssl = ssl
    }

    /// Lends an extension's body; `nil` when the client did not send it.
    func withExtension<Result>(_ kind: UInt32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result? {
        var bytes: UnsafePointer<UInt8>?
        var count = 0
        guard SSL_client_hello_get0_ext(ssl, kind, &bytes, &count) == 1 else { return nil }
        return body(UnsafeRawBufferPointer(start: bytes, count: count))
    }

    /// The name asked for; `nil` when there is none.
    var askedName: ClientHelloExtensions.AskedName? {
        withExtension(UInt32(TLSEXT_TYPE_server_name), ClientHelloExtensions.serverName)
    }

    /// What libssl would take or guess at is refused.
    var isWellFormed: Bool {
        let alpn = withExtension(
            UInt32(TLSEXT_TYPE_application_layer_protocol_negotiation), ClientHelloExtensions.isProtocolNameList)
        let versions = withExtension(UInt32(TLSEXT_TYPE_supported_versions), ClientHelloExtensions.isVersionList)
        return alpn != false && versions != false
    }

    /// The client offers a ticket of TLS 1.2 (RFC 5077 §3.2: an empty one only asks for one).
    var offersTicket: Bool {
        withExtension(UInt32(TLSEXT_TYPE_session_ticket)) { !$0.isEmpty } ?? false
    }
}

/// Why a ClientHello is refused before libssl goes on with it.
struct ClientHelloRefusal: Error {
    let cause: HandshakeFailure
    let alert: TLSAlert
}

extension ServerConnection {
    /// Takes in the ClientHello and chooses the host.
    ///
    /// A client that names no host gets the default one even where unknown names are refused: it asked for nothing that
    /// could be unknown.
    func clientHelloSeen(_ hello: ClientHelloView) -> Result<HostContext, ClientHelloRefusal> {
        offeredTicket = hello.offersTicket
        guard hello.isWellFormed else { return refuse(.malformed, .decodeError) }
        let chosen: HostContext?
        switch hello.askedName {
        case .malformed: return refuse(.malformed, .decodeError)
        case nil: chosen = context.hosts.fallback
        case .name(let name):
            askedName = name.text
            chosen = context.hosts.host(named: name)
        case .unservable(let text):
            askedName = text
            chosen = nil
        }
        if chosen == nil, context.settings.rejectsUnknownNames { return refuse(.unknownName, .unrecognizedName) }
        let host = chosen ?? context.hosts.fallback
        self.host = host
        return .success(host)
    }

    private func refuse(_ cause: HandshakeFailure, _ alert: TLSAlert) -> Result<HostContext, ClientHelloRefusal> {
        refusal = cause
        return .failure(ClientHelloRefusal(cause: cause, alert: alert))
    }
}
