internal import RepriseTLS
public import RepriseVocabulary

/// A session of a client, kept beyond its connection: one counted reference (SSL_get1_session(3)), given back when the
/// last holder releases it.
///
/// It says what was known when it was retained; only ``resumability(at:)`` looks again. No flush, no reload and no end
/// of the connection changes it. Any thread may use it.
///
/// ```swift
/// guard session.resumability(at: .now) == .yes else { return }
/// let bytes = session.serialized()  // it resumes on another machine of the same keys, too
/// session.denyLineage(at: .now)
/// print(session.resumability(at: .now))  // no(refused(denied))
/// ```
public final class RetainedSession: Sendable {
    /// What is known of it.
    public let details: SessionDetails
    /// Where it belongs.
    public let context: SessionContext

    /// The key of the store that the client has to resume it with; `nil` when it has a ticket that holds the session, or
    /// nothing.
    public var key: SessionKey? { if case .stored(let key) = handle { key } else { nil } }

    private let reference: SessionReference
    private let state: ResumptionState?
    private let handle: ResumptionHandle?
    /// Whether more was still to be handed out when it was retained.
    private let isToCome: Bool

    init(
        _ reference: SessionReference, _ details: SessionDetails, _ state: ResumptionState?,
        _ handle: ResumptionHandle?,
        isToCome: Bool = false, in context: SessionContext
    ) {
        self.isToCome = isToCome
        self.reference = reference
        self.details = details
        self.state = state
        self.handle = handle
        self.context = context
    }

    /// Whether a client that comes back with it at a moment would be spared a full handshake, by what this process
    /// knows: lifetimes, ticket keys, its own store, what endings have denied, the host's policy now.
    ///
    /// A session retained before its ticket never gets one: retain it again when the ticket is sent. Sessions in a
    /// store that other machines share count as there; ``resumability(at:askingStoreFor:)`` asks.
    public func resumability(at time: WallTime) -> Resumability {
        guard let state, let handle else {
            return .no(isToCome ? .noTicketYet : .notHandedOut)
        }
        if let objection = context.objection(to: state, of: reference, in: handle, at: time) {
            return .no(.refused(objection))
        }
        switch handle {
        case .ticket(let name):
            return context.domain.keys.opens(name, at: time) ? .yes : .no(.refused(.keyUnknown))
        case .stored(let key):
            return Self.answer(context.domain.knows(key, at: time) ?? .there)
        }
    }

    /// As ``resumability(at:)``, and asks the store that other machines share whether it has the session.
    ///
    /// - Parameters:
    ///   - time: when the client would offer it.
    ///   - deadline: how long to wait for the store; after that the answer is `ResumptionRefusal.storeSilent`.
    public func resumability(at time: WallTime, askingStoreFor deadline: Duration) async -> Resumability {
        let answer = resumability(at: time)
        guard answer == .yes, case .stored(let key) = handle, context.domain.answersLater else { return answer }
        let presence = await firstAnswer(within: deadline) { [domain = context.domain] in
            try? await domain.asks(key, at: time)
        }
        return (presence ?? nil).map(Self.answer) ?? .no(.refused(.storeSilent))
    }

    private static func answer(_ presence: Presence) -> Resumability {
        switch presence {
        case .there: .yes
        case .absent: .no(.refused(.notFound))
        case .spent: .no(.refused(.spent))
        }
    }
}

/// Its end.
extension RetainedSession {
    /// Ends its lineage: neither it nor a session that descends from the same full handshake resumes any more, on this
    /// process's listeners of the session domain.
    ///
    /// - Returns: `false` when it had been handed out to nobody, or the deny list had no room (`sessions.deny_list`): a
    ///   client without a certificate has only its share of it.
    @discardableResult
    public func denyLineage(at time: WallTime) -> Bool {
        guard let state, let handle else { return false }
        var wire = Telling(on: nil)
        if case .stored(let key) = handle { context.domain.remove([key], &wire) }
        return context.deny(
            state.lineage, of: state.certificate.map(DenyList.Holder.certificate) ?? .address(nil), at: time)
    }
}

extension SessionContext {
    /// Ends a lineage, as ``RetainedSession/denyLineage(at:)`` does, by what is known of it: an observer's report.
    ///
    /// - Parameters:
    ///   - lineage: all sessions that descend from one full handshake.
    ///   - time: the time now, see `WallTime.now`.
    /// - Returns: `false` when the deny list had no room.
    @discardableResult
    public func deny(_ lineage: Lineage, at time: WallTime) -> Bool { deny(lineage, of: .address(nil), at: time) }

    fileprivate func deny(_ lineage: Lineage, of holder: DenyList.Holder, at time: WallTime) -> Bool {
        let oldest = time.later(by: .zero - domain.longestChainAge)
        switch domain.denyList.deny(lineage, of: holder, oldest: oldest) {
        case .added, .alreadyThere, .overflowed: return true
        case .leftOut: return false
        }
    }
}

/// The serialised form.
extension RetainedSession {
    /// The session as bytes, with all that is needed to resume it elsewhere: its secrets are among them.
    ///
    /// - Returns: `nil` as long as nothing was handed out to resume it with.
    public func serialized() -> Secret? {
        guard let handle, let der else { return nil }
        return SerializedSession(
            handle: handle, serverName: details.serverName, applicationProtocol: details.applicationProtocol, der: der
        ).encoded
    }

    /// The DER with all that the session remembers now, application data set after it was handed out included.
    private var der: Secret? {
        guard let state, let der = reference.der else { return nil }
        return der.withBytes { SessionReference.replacing(state: state.encoded, in: $0) }
    }

    /// Takes a session from its serialised form into a context.
    ///
    /// - Parameters:
    ///   - serialized: what ``serialized()`` gave, here or on another machine.
    ///   - context: where it is to resume: of the same session domain, host and policy as the one it came from.
    /// - Throws: ``SessionFormatError``.
    public convenience init(serialized: Secret, in context: SessionContext) throws(SessionFormatError) {
        guard let form = SerializedSession(serialized) else { throw .notASession }
        try self.init(form, in: context)
    }

    convenience init(_ form: SerializedSession, in context: SessionContext) throws(SessionFormatError) {
        guard let reference = form.der.withBytes({ SessionReference.reading($0) }) else {
            throw .notASession
        }
        guard let state = ResumptionState(reference.state) else { throw .otherVersion }
        guard reference.sessionIDContext == context.fingerprint else { throw .otherContext }
        if case .stored(let key) = form.handle {
            guard reference.id.withUnsafeBytes({ SessionKey($0) }) == key else { throw .notASession }
        }
        let details = SessionDetails(
            protocolVersion: reference.version, cipher: reference.cipher, group: nil,
            serverName: form.serverName, applicationProtocol: form.applicationProtocol,
            clientCertificates: reference.clientCertificate.map { [$0] } ?? [],
            created: reference.created, expires: state.expires, lineage: state.lineage, resumedBy: .no,
            outcome: ResumptionOutcome(
                result: .notOffered, hostID: context.hostID, fingerprint: context.fingerprint),
            applicationData: state.applicationData)
        self.init(reference, details, state, form.handle, in: context)
    }

    /// Puts a session that came from elsewhere into the store of its context, where clients find it.
    ///
    /// A session that is there already stays as it is, and a spent one stays spent.
    /// - Returns: whether it was put there. A session that a ticket holds is in no store: it resumes on every machine
    ///   with the ticket's key.
    @discardableResult
    public func store(at time: WallTime) async -> Bool {
        guard let state, let handle, case .stored(let key) = handle,
            context.objection(to: state, of: reference, in: handle, at: time) == nil,
            let der
        else { return false }
        return await context.domain.add(key, der, expires: state.expires, at: time)
    }
}

/// Whether a session can be resumed at some moment, and why not.
///
/// ```swift
/// switch session.resumability(at: .now) {
/// case .yes: print("its client is spared a full handshake")
/// case .no(let reason): print("not any more: \(reason)")
/// }
/// ```
public enum Resumability: Sendable, Hashable {
    /// This process knows of no objection.
    case yes
    /// A client that offered it would get a full handshake.
    case no(Reason)

    /// Why a session cannot be resumed.
    ///
    /// ```swift
    /// if case .no(.refused(let refusal)) = session.resumability(at: .now) {
    ///     print(refusal.meaning)  // The session's lifetime is over.
    /// }
    /// ```
    public enum Reason: Sendable, Hashable {
        /// A TLS 1.3 client gets its session after the handshake (RFC 8446 §4.6.1), and this one has not yet.
        case noTicketYet
        /// The client takes no kind of session that this listener hands out, or it got none.
        case notHandedOut
        /// The reason with which the listener would refuse it.
        case refused(ResumptionRefusal)
    }
}

/// Why the session did not take application data.
///
/// ```swift
/// let note = Array("user 7".utf8)
/// if note.count > ApplicationDataError.limit { throw ApplicationDataError.tooLong(bytes: note.count) }
/// ```
public enum ApplicationDataError: Error, Sendable, Hashable {
    /// It has that many bytes, and a session remembers at most ``limit``.
    case tooLong(bytes: Int)
    /// The listener resumes nothing, or the handshake is not done: there is no session to remember it.
    case noSession

    /// How many bytes a session remembers.
    public static var limit: Int { ResumptionLimits.applicationDataBytes }
}

extension ApplicationDataError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooLong(let bytes): "\(bytes) bytes of application data, more than \(Self.limit)"
        case .noSession: "no session to remember application data"
        }
    }
}

/// What a client was handed to resume a session with.
package enum ResumptionHandle: Sendable, Hashable {
    /// A ticket that holds the session, sealed by the key of that name.
    case ticket(TicketKeyName)
    /// A key of the store: a TLS 1.2 session id, or a TLS 1.3 ticket that is no more than that.
    case stored(SessionKey)
}
