import CRepriseOpenSSL
package import RepriseVocabulary

/// A TLS connection in the client role, without its socket: a ``TLSStream``, a server to verify and sessions to
/// receive.
///
/// Confined to its worker, and to the turns of its ``stream``, which carries the bytes. It ends with the stream's
/// `close`.
package final class ClientConnection {
    package let stream: TLSStream
    private let context: ClientContext
    private let names: ServerNames
    private let established: (SessionReference) -> Void
    private var finishedSummary: HandshakeSummary?

    /// By which names a server is spoken to.
    package struct ServerNames: Sendable, Hashable {
        /// What server_name asks for (RFC 6066 §3); no address: those are not sent by name. `nil`: nothing.
        package var asked: String?
        /// What the certificate must be for (RFC 6125) where somebody vouches for it: a host name or an address.
        package var verified: String?

        /// - Parameter verified: `nil` for the name that is asked for.
        package init(asked: String?, verified: String? = nil) {
            (self.asked, self.verified) = (asked, verified ?? asked)
        }
    }

    /// Makes a connection; the first ``handshake()`` writes its ClientHello.
    ///
    /// - Parameters:
    ///   - names: by which the server is spoken to.
    ///   - session: one of the same server, name and settings: libssl verifies no certificate again for it.
    ///   - established: gets each session that the server gives, during a call of the connection's: in TLS 1.3 after
    ///     the handshake, in a read, and as many as the server likes (RFC 8446 §4.6.1). It must not call back.
    /// - Throws: ``ClientError/badServerName(_:)``, ``ClientError/noServerName``, ``ClientError/sessionRefused(_:)``,
    ///   or ``ClientError/context(_:)`` when libssl has no memory.
    package init(
        context: ClientContext, output: OutputBuffer, names: ServerNames, resuming session: SessionReference? = nil,
        established: @escaping (SessionReference) -> Void = { _ in }
    ) throws(ClientError) {
        (self.context, self.names, self.established) = (context, names, established)
        do throws(ContextError) {
            stream = try TLSStream(context.pointer, as: .client, output: output)
        } catch {
            throw .context(error)
        }
        do throws(ClientError) {
            try prepare(resuming: session)
        } catch {
            stream.close()
            throw error
        }
    }

    deinit {
        assert(stream.ssl == nil, "a TLS connection was dropped without close()")
        stream.close()
    }

    private func prepare(resuming session: SessionReference?) throws(ClientError) {
        guard let ssl = stream.ssl else { return }
        ErrorQueue.clear()
        // Unretained: the SSL is freed, and so this reference, before the connection.
        guard SSL_set_ex_data(ssl, clientIndex, Unmanaged.passUnretained(self).toOpaque()) == 1 else {
            throw .context(.internalFault(ErrorQueue.drain()))
        }
        if let name = names.asked { try ask(for: name, ssl) }
        if context.verifies { try verify(ssl) }
        if let session {
            guard session.offer(on: ssl) else { throw .sessionRefused(ErrorQueue.drain()) }
        }
    }

    /// Offers a session of the same server, name and settings, before the first ``handshake()``.
    ///
    /// - Returns: whether libssl takes it.
    package func offer(_ session: SessionReference) -> Bool {
        guard let ssl, stream.isHandshaking else { return false }
        defer { ErrorQueue.clear() }
        return session.offer(on: ssl)
    }

    private func ask(for name: String, _ ssl: OpaquePointer) throws(ClientError) {
        // An empty name would be verified as no name at all, and C ends a name at a zero byte.
        guard (1...TLSLimits.serverNameBytes).contains(name.utf8.count), !name.utf8.contains(0),
            reprise_ssl_set_server_name(ssl, name) == 1
        else {
            ErrorQueue.clear()
            throw .badServerName(name)
        }
    }

    private func verify(_ ssl: OpaquePointer) throws(ClientError) {
        // Without a name libssl would take anybody's certificate.
        guard let name = names.verified else { throw .noServerName }
        guard !name.isEmpty, !name.utf8.contains(0) else { throw .badServerName(name) }
        // By subjectAltName, never by the common name (RFC 6125 §6.4.4).
        SSL_set_hostflags(ssl, CUnsignedInt(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        // As SSL_set1_host does, which 4.0 deprecates: what reads as an address is verified as one.
        let parameters = SSL_get0_param(ssl)
        guard
            X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1
                || X509_VERIFY_PARAM_set1_host(parameters, name, 0) == 1
        else { throw .context(.internalFault(ErrorQueue.drain())) }
        ErrorQueue.clear()
    }

    // MARK: Handshake

    package var isHandshakeDone: Bool { finishedSummary != nil }

    /// Drives the handshake as far as the bytes go; the first call writes the ClientHello.
    package func handshake() -> HandshakeProgress {
        guard stream.isHandshaking else { return stream.handshakeFault.map { .failed($0) } ?? .done }
        switch stream.drive() {
        case .done: return finish()
        case .wantsInput: return .wantsInput
        // Our clients wait for nothing else.
        case .wantsHelloAnswer: return .failed(stream.handshakeFailed([]))
        case .failed(let errors): return .failed(stream.handshakeFailed(errors))
        }
    }

    private func finish() -> HandshakeProgress {
        guard let ssl = stream.ssl else { return .failed(stream.handshakeFailed([])) }
        var summary = self.summary
        let usesTicket = SSL_get_session(ssl).map { SSL_SESSION_has_ticket($0) == 1 } ?? false
        summary.add(from: ssl, carriedTicket: usesTicket)
        finishedSummary = summary
        return .done
    }

    /// What we know of the handshake so far, or of the one that failed.
    package var summary: HandshakeSummary {
        if let finishedSummary { return finishedSummary }
        var summary = HandshakeSummary()
        summary.serverName = names.asked.map { String(escaping: Array($0.utf8)) }
        return summary
    }

    // MARK: Sessions

    /// The session that the connection uses now; libssl does not report a TLS 1.2 ticket that renews one.
    ///
    /// - Returns: `nil` before the handshake, and once the connection is closed.
    package var currentSession: SessionReference? {
        stream.ssl.flatMap { SSL_get_session($0) }.map { SessionReference(retaining: $0) }
    }

    fileprivate func given(_ session: OpaquePointer) {
        established(SessionReference(retaining: session))
    }

    /// The server's own certificate; `nil` before it has come, and where a resumed session kept none.
    package var serverCertificate: PeerLeaf? {
        guard let ssl, let leaf = SSL_get1_peer_certificate(ssl) else { return nil }
        defer { X509_free(leaf) }
        return PeerLeaf(leaf)
    }

    /// From when on what has been verified in this full handshake counts no more: the first of the chain's certificates and of
    /// the revocation lists to end. Never, where nothing is verified.
    package func trustEnds(at now: WallTime) -> WallTime {
        guard let ssl, let trust, let chain = SSL_get0_verified_chain(ssl) else { return .distantFuture }
        let ends = (0..<reprise_x509_stack_count(chain)).compactMap { index in
            reprise_x509_stack_item(chain, index).map { certificate in
                X509Reading.time(reprise_seconds(X509_get0_notAfter(certificate))) ?? .distantPast
            }
        }
        return min(ends.min() ?? .distantFuture, trust.nextUpdate(at: now))
    }

    private var ssl: OpaquePointer? { stream.ssl }

    /// Who vouches for the server.
    var trust: ServerTrust? { context.trust }

    /// The connection that a callback's SSL belongs to.
    static func behind(_ ssl: OpaquePointer) -> ClientConnection? {
        SSL_get_ex_data(ssl, clientIndex).map { Unmanaged<ClientConnection>.fromOpaque($0).takeUnretainedValue() }
    }
}

/// What tells a server's certificate from others, and until when it is good.
package struct PeerLeaf: Sendable, Hashable {
    /// SHA-256 of its DER.
    package let digest: [UInt8]
    /// `nil` when it is no date.
    package let notAfter: WallTime?

    init(_ leaf: OpaquePointer) {
        digest = SessionCrypto.sha256(X509Reading.der(of: leaf))
        notAfter = X509Reading.time(reprise_seconds(X509_get0_notAfter(leaf)))
    }
}

/// Where a client's SSL keeps its connection; apart from a server's slot, so that neither is taken for the other.
private let clientIndex = reprise_ssl_new_index()

/// SSL_CTX_sess_set_new_cb(3) of a client: once for each session the server gives.
func sessionIsGiven(_ ssl: OpaquePointer?, _ session: OpaquePointer?) -> CInt {
    guard let ssl, let session else { return 0 }
    ClientConnection.behind(ssl)?.given(session)
    // 0: the reference stays libssl's.
    return 0
}
