import CRepriseOpenSSL

/// A session that a client offers, restored by libssl but not resumed yet. Its bytes are lent for the call it is handed
/// over in.
package struct OpenedSession {
    /// What we had it remember (its application data); authenticated, since it came out of our ticket or store.
    package var state: UnsafeRawBufferPointer
    /// Its session-id context.
    package var sessionIDContext: UnsafeRawBufferPointer
    package var isTLS13: Bool
    /// Whether its host takes its cipher now: of a TLS 1.2 session, libssl asks only the client. Of a TLS 1.3 session, whether
    /// the suite that is chosen has its digest.
    package var isCipherAllowed = true

    /// Lends the bytes of a session of libssl's; `nil` for one without any of ours.
    init?(_ session: OpaquePointer) {
        var bytes: UnsafeMutableRawPointer?
        var count = 0
        var contextBytes: CUnsignedInt = 0
        guard SSL_SESSION_get0_ticket_appdata(session, &bytes, &count) == 1,
            let context = SSL_SESSION_get0_id_context(session, &contextBytes)
        else { return nil }
        self.state = UnsafeRawBufferPointer(start: bytes, count: count)
        sessionIDContext = UnsafeRawBufferPointer(start: context, count: Int(contextBytes))
        isTLS13 = SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION
    }
}
