import CRepriseOpenSSL
import RepriseVocabulary

/// The ClientHello: what is decided before libssl acts on it.
extension ServerConnection {
    /// What to do with a ClientHello.
    enum HelloAnswer {
        case proceed
        case wait
        case refuse(TLSAlert)
    }

    /// Chooses the host, before libssl looks for a session or a certificate: later would be too late for the session-id
    /// context (CVE-2025-23419). Then asks for the offered sessions, which may take a while.
    func helloArrived(_ ssl: OpaquePointer) -> HelloAnswer {
        switch hello.storeWait {
        case .none: break
        case .asked: return .wait
        case .over:
            hello.storeWait = .none
            return .proceed
        }
        hello.stage = .read
        let bytes = transport.pointee.bytesRead - hello.start
        hello.start = transport.pointee.bytesRead
        transport.pointee.recordsLeft = .max
        if let excess = HelloBounds.excess(in: ssl, bytes: bytes) {
            return .refuse(refuse(.helloTooLarge, HelloBounds.alert, excess.text))
        }
        switch ClientHello.read(from: ssl) {
        case .failure(let error): return .refuse(refuse(.malformed, .decodeError, error.text))
        case .success(let hello):
            if let alert = choose(ssl, for: hello) { return .refuse(alert) }
            return ask(ssl, for: hello)
        }
    }

    private func ask(_ ssl: OpaquePointer, for hello: ClientHello) -> HelloAnswer {
        guard let host = self.hello.match?.host else { return .refuse(.internalError) }
        let request = hello.resumption
        self.hello.request = request
        tickets.tried = 0
        let clientSpeaksTLS13 = hello.versions?.contains(UInt16(TLS1_3_VERSION)) == true
        let speaksTLS13 = context.speaksTLS13 && clientSpeaksTLS13
        if speaksTLS13, context.sessions.isSingleUse { SSL_set_options(ssl, reprise_op_no_ticket()) }
        let offer = SessionOffer(
            hostID: host.id, hostDigest: host.digest, sessionIDContext: host.sessionIDContext,
            serverName: hello.serverName,
            version: speaksTLS13 ? .tls13 : clientSpeaksTLS13 ? .tls12OfNewerClient : .tls12,
            usesStore: context.sessions.usesStore(isTLS13: speaksTLS13), sessionID: request.sessionID,
            carriesTicket: request.carriesTicket, identities: request.identities, identityCount: request.identityCount)
        guard sessions.begin(offer, clients: host.clients) else { return .proceed }
        self.hello.storeWait = .asked
        return .wait
    }

    /// What the host demands of this client's certificate.
    var clientAuthentication: ClientAuthentication? { hello.match?.host.clients }

    /// The store has answered, or will not: the handshake can go on.
    package func lookupFinished() {
        guard hello.storeWait == .asked else { return }
        hello.storeWait = .over
    }

    private func choose(_ ssl: OpaquePointer, for hello: ClientHello) -> TLSAlert? {
        // After a HelloRetryRequest the client must not ask for another name (RFC 8446 §4.1.2).
        if self.hello.match != nil, hello.serverName != self.hello.requestedName {
            return refuse(.malformed, TLSAlert(code: 47), "server_name: another name in the second ClientHello")
        }
        self.hello.requestedName = hello.serverName
        let name = hello.serverName.flatMap { ServerName(bytes: $0) }
        let match = name.flatMap(context.hosts.host)
        if match == nil, let asked = hello.serverName, context.rejectsUnknownNames {
            return refuse(.unknownName, .unrecognizedName, "no host answers to '\(String(escaping: asked))'")
        }
        let chosen = match ?? context.hosts.defaultMatch
        self.hello.match = chosen
        let identifier = chosen.host.sessionIDContext
        guard SSL_set_SSL_CTX(ssl, chosen.host.pointer) != nil,
            SSL_set_session_id_context(ssl, identifier, CUnsignedInt(identifier.count)) == 1
        else { return refuse(.internalError, .internalError, "libssl did not take the host's context") }
        if let clients = chosen.host.clients {
            // On the SSL: switching contexts copies neither (CVE-2025-23419).
            let demand = clients.mode == .require ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_PEER
            SSL_set_verify(ssl, demand, clientCertificateJudged)
            if let depth = clients.depth { SSL_set_verify_depth(ssl, CInt(depth)) }
        }
        return nil
    }

    private func refuse(_ cause: HandshakeFailure, _ alert: TLSAlert, _ detail: String) -> TLSAlert {
        hello.fault = Boxed((cause, detail))
        return alert
    }
}
