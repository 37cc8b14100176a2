import CRepriseOpenSSL
package import RepriseVocabulary

/// The session that a connection is using, as SSL_get0_session(3) lends it: without a reference of its own, so it must
/// not outlive a call on the connection. Retain it to keep it.
package struct LiveSession: ~Copyable {
    private let ssl: OpaquePointer
    private let session: OpaquePointer

    fileprivate init(ssl: OpaquePointer, session: OpaquePointer) {
        (self.ssl, self.session) = (ssl, session)
    }

    /// Whether it can be resumed now (SSL_SESSION_is_resumable(3)); in TLS 1.3 a ticket of its connection may change that.
    package var isResumable: Bool { SSL_SESSION_is_resumable(session) == 1 }

    /// One reference more, which its holder owns (SSL_get1_session(3)).
    package func retain() -> SessionReference { SessionReference(retaining: session) }

    /// When it was made, in whole seconds.
    package var created: WallTime { WallTime(secondsSinceEpoch: Int64(reprise_session_time(session))) }

    /// The client's certificates in DER; see ``ServerConnection/clientCertificates``.
    package var clientCertificates: [[UInt8]] { Self.clientCertificates(ssl, session) }

    fileprivate static func clientCertificates(_ ssl: OpaquePointer, _ session: OpaquePointer) -> [[UInt8]] {
        guard let leaf = SSL_SESSION_get0_peer(session) else { return [] }
        let first = [X509Reading.der(of: leaf)]
        // On a server the chain does not hold the leaf.
        guard SSL_session_reused(ssl) == 0, let chain = SSL_get_peer_cert_chain(ssl) else { return first }
        return first
            + (0..<reprise_x509_stack_count(chain)).compactMap {
                reprise_x509_stack_item(chain, $0).map { X509Reading.der(of: $0) }
            }
    }
}

extension ClientConnection {
    /// The connection's session, for the length of `body`, which must not let it out.
    ///
    /// - Returns: `nil` when there is none: before the ServerHello, and once the connection is closed.
    package func withSession<Result, Failure: Error>(
        _ body: (consuming LiveSession) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard let ssl = stream.ssl, let session = SSL_get_session(ssl) else { return nil }
        return try body(LiveSession(ssl: ssl, session: session))
    }
}

extension ServerConnection {
    /// The connection's session, for the length of `body`, which must not let it out.
    ///
    /// - Returns: `nil` when there is none: before the ClientHello is answered, and once the connection is closed.
    package func withSession<Result, Failure: Error>(
        _ body: (consuming LiveSession) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard let ssl, let session = SSL_get_session(ssl) else { return nil }
        return try body(LiveSession(ssl: ssl, session: session))
    }

    /// The client's certificates in DER, from the leaf upwards. After a resumption it is the leaf alone, which is all
    /// that libssl keeps in a session; none when the client sent none.
    package var clientCertificates: [[UInt8]] {
        guard let ssl, let session = SSL_get_session(ssl) else { return [] }
        return LiveSession.clientCertificates(ssl, session)
    }
}
