import CRepriseOpenSSL

/// A session in its serialised form: nothing that happens to libssl's object can spoil it.
struct Session: Sendable, Equatable {
    var der: [UInt8]

    init(_ session: OpaquePointer) {
        der = [UInt8](repeating: 0, count: Int(i2d_SSL_SESSION(session, nil)))
        der.withUnsafeMutableBufferPointer { buffer in
            var start = buffer.baseAddress
            _ = i2d_SSL_SESSION(session, &start)
        }
    }

    /// libssl's object again; the reference is the caller's.
    func restored() -> OpaquePointer {
        let session = der.withUnsafeBufferPointer { bytes in
            var start = bytes.baseAddress
            return d2i_SSL_SESSION(nil, &start, bytes.count)
        }
        guard let session else { preconditionFailure("no session in \(der.count) bytes: \(Errors.drain())") }
        return session
    }

    /// Lends libssl's object.
    func look<Result>(_ body: (OpaquePointer) -> Result) -> Result {
        let session = restored()
        defer { SSL_SESSION_free(session) }
        return body(session)
    }

    /// What the server handed out.
    var ticket: [UInt8] { look(SessionFields.ticket) }
    /// How long the server said that it is good for.
    var lifetimeHint: Int { look { Int(SSL_SESSION_get_ticket_lifetime_hint($0)) } }

    /// Changes one bit in the middle of the ticket.
    func damaged() -> Session {
        var copy = self
        let bytes = ticket
        guard let place = der.firstRange(of: bytes)?.lowerBound else { preconditionFailure("no ticket in the session") }
        copy.der[place + bytes.count / 2] ^= 1
        return copy
    }
}

/// What libssl says of one of its sessions.
enum SessionFields {
    static func id(_ session: OpaquePointer?) -> [UInt8] {
        var count: CUnsignedInt = 0
        let start = SSL_SESSION_get_id(session, &count)
        return Array(UnsafeBufferPointer(start: start, count: Int(count)))
    }

    static func ticket(_ session: OpaquePointer?) -> [UInt8] {
        var start: UnsafePointer<UInt8>?
        var count = 0
        SSL_SESSION_get0_ticket(session, &start, &count)
        return Array(UnsafeBufferPointer(start: start, count: count))
    }

    static func applicationData(_ session: OpaquePointer?) -> String {
        var start: UnsafeMutableRawPointer?
        var count = 0
        SSL_SESSION_get0_ticket_appdata(session, &start, &count)
        return String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
    }

    static func setApplicationData(_ text: String, of session: OpaquePointer?) {
        let bytes = Array(text.utf8)
        SSL_SESSION_set1_ticket_appdata(session, bytes, bytes.count)
    }

    static func sessionIDContext(_ session: OpaquePointer?) -> String {
        var count: CUnsignedInt = 0
        let start = SSL_SESSION_get0_id_context(session, &count)
        return String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
    }

    static func name(_ session: OpaquePointer?) -> String? {
        SSL_SESSION_get0_hostname(session).map { String(cString: $0) }
    }

    static func isResumable(_ session: OpaquePointer?) -> Bool { SSL_SESSION_is_resumable(session) == 1 }
}

/// A store of serialised sessions outside libssl.
final class OutsideStore {
    private(set) var sessions: [[UInt8]: Session] = [:]
    /// The ids that were asked for, in order.
    private(set) var asked: [[UInt8]] = []
    /// Done to each session before it is serialised.
    var whenKept: (OpaquePointer) -> Void = { _ in }
    /// Done to each session that is handed back.
    var whenFound: (OpaquePointer) -> Void = { _ in }

    func keep(_ session: OpaquePointer) {
        whenKept(session)
        sessions[SessionFields.id(session)] = Session(session)
    }

    func find(_ id: [UInt8]) -> OpaquePointer? {
        asked.append(id)
        guard let session = sessions[id]?.restored() else { return nil }
        whenFound(session)
        return session
    }
}
