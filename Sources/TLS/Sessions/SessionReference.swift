import CRepriseOpenSSL
package import RepriseVocabulary

/// One counted reference to a session of libssl's (SSL_get1_session(3)), given back when the object is freed.
///
/// Once a session has been handed out libssl changes nothing of it: for a further ticket it makes a copy. Before that,
/// on a full TLS 1.3 handshake, it fills in this very object (tls_construct_new_session_ticket in
/// ssl/statem/statem_srvr.c). So other threads may read only sessions that had been handed out when they were retained.
// @unchecked: see above; readers on other threads keep to that. libssl counts references atomically.
package final class SessionReference: @unchecked Sendable {
    private let session: OpaquePointer

    /// Takes a reference of its own.
    init(retaining session: OpaquePointer) {
        // It fails for a count below two alone, which is a session that was freed already.
        let isCounted = SSL_SESSION_up_ref(session)
        precondition(isCounted == 1, "libssl did not count a reference")
        self.session = session
    }

    /// Takes over the caller's reference.
    private init(owning session: OpaquePointer) {
        self.session = session
    }

    deinit {
        SSL_SESSION_free(session)
    }

    /// Reads what ``der`` wrote (d2i_SSL_SESSION(3)).
    ///
    /// - Returns: `nil` for bytes that are no session, or more than one.
    package static func reading(_ der: UnsafeRawBufferPointer) -> SessionReference? {
        ErrorQueue.clear()
        defer { ErrorQueue.clear() }
        guard der.count <= TLSLimits.sessionBytes else { return nil }
        var end = der.baseAddress?.assumingMemoryBound(to: UInt8.self)
        let start = end
        let session = withUnsafeMutablePointer(to: &end) { pointer in
            pointer.withMemoryRebound(to: UnsafePointer<UInt8>?.self, capacity: 1) {
                d2i_SSL_SESSION(nil, $0, der.count)
            }
        }
        guard let session else { return nil }
        let reference = SessionReference(owning: session)
        guard let start, let end, end - start == der.count else { return nil }
        return reference
    }

    /// The session in DER, with its secrets; `nil` when it is longer than ``TLSLimits/sessionBytes``.
    package var der: Secret? {
        let count = Int(i2d_SSL_SESSION(session, nil))
        guard count > 0, count <= TLSLimits.sessionBytes else { return nil }
        return Secret(count: count) { buffer in
            var end = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
            i2d_SSL_SESSION(session, &end)
        }
    }

    /// The same without the peer's certificate, for a client that keeps what it has found out of it: libssl takes as long to
    /// read an EC key again as to resume five sessions of TLS 1.2, and needs none for that.
    package var derWithoutPeer: Secret? {
        guard let whole = der else { return nil }
        return whole.withBytes { SessionParts.withoutPeer($0) } ?? whole
    }

    /// Makes a client's connection offer it (SSL_set_session(3)).
    ///
    /// - Returns: whether libssl takes it; if not, the error queue says why.
    func offer(on ssl: OpaquePointer) -> Bool { SSL_set_session(ssl, session) == 1 }

    /// A copy that can be offered again whatever becomes of this one (SSL_SESSION_dup(3)): libssl takes a session of TLS 1.3 for
    /// used up once it was resumed, and one of TLS 1.2 whose ticket was renewed.
    package var copy: SessionReference? { SSL_SESSION_dup(session).map { SessionReference(owning: $0) } }

    /// Whether it can be resumed at all (SSL_SESSION_is_resumable(3)): in TLS 1.3 not before a ticket has come.
    package var isResumable: Bool { SSL_SESSION_is_resumable(session) == 1 }

    /// How long a client may offer it by its server's word; `nil` for one that is not to be kept (RFC 8446 §4.6.1). A TLS 1.2
    /// server may leave it open (RFC 5077 §3.3), which is a day here (RFC 5246 §F.1.4).
    package var lifetimeForClient: Duration? {
        let hint = SSL_SESSION_get_ticket_lifetime_hint(session)
        if hint > 0, SSL_SESSION_has_ticket(session) == 1 { return .seconds(Int64(clamping: hint)) }
        return version == .tls1_3 ? nil : .seconds(86_400)
    }

    /// Makes a client take it for one that has just come; it must be its maker's alone, fresh from ``reading(_:)``.
    ///
    /// libssl offers none past its lifetime, not even to see what the server makes of it.
    package func setCreated(_ time: WallTime) { reprise_session_set_time(session, Int(time.secondsSinceEpoch)) }

    /// The ticket that a client presents for it; empty for a session that has an id alone.
    package var ticket: [UInt8] {
        var start: UnsafePointer<UInt8>?
        var count = 0
        SSL_SESSION_get0_ticket(session, &start, &count)
        return Array(UnsafeBufferPointer(start: start, count: count))
    }

    /// libssl's number of the cipher or suite.
    var cipherID: UInt32? { SSL_SESSION_get0_cipher(session).map { SSL_CIPHER_get_id($0) } }

    package var version: TLSVersion? { TLSVersion(rawValue: Int(SSL_SESSION_get_protocol_version(session))) }

    /// OpenSSL's name of the cipher or suite.
    package var cipher: String? {
        SSL_SESSION_get0_cipher(session).flatMap { SSL_CIPHER_get_name($0) }.map { String(cString: $0) }
    }

    /// When it was made, in whole seconds.
    package var created: WallTime { WallTime(secondsSinceEpoch: Int64(reprise_session_time(session))) }

    /// The client's leaf certificate in DER; of a session that a server gave us, the server's.
    package var clientCertificate: [UInt8]? { SSL_SESSION_get0_peer(session).map { X509Reading.der(of: $0) } }

    /// Its id; empty for a TLS 1.2 session that only a ticket holds.
    package var id: [UInt8] {
        var count: CUnsignedInt = 0
        guard let start = SSL_SESSION_get_id(session, &count) else { return [] }
        return Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }

    /// The state that we put into it; empty for a session that we did not make.
    package var state: [UInt8] { OpenedSession(session).map { Array($0.state) } ?? [] }

    /// The session-id context that it is bound to.
    package var sessionIDContext: [UInt8] { OpenedSession(session).map { Array($0.sessionIDContext) } ?? [] }

    /// Replaces our state in a session in DER.
    package static func replacing(state: [UInt8], in der: UnsafeRawBufferPointer) -> Secret? {
        guard let reference = reading(der),
            SSL_SESSION_set1_ticket_appdata(reference.session, state, state.count) == 1
        else { return nil }
        return reference.der
    }
}
