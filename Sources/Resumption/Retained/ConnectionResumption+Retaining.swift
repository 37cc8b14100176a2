package import RepriseTLS
internal import RepriseVocabulary

/// What routers get of a connection's session.
extension ConnectionResumption {
    /// Lends the connection's session for the length of `body`.
    ///
    /// - Parameter connection: the one whose sessions this object keeps.
    /// - Returns: `nil` when there is none: before the handshake is done, and once the connection is closed.
    package func withSession<Result, Failure: Error>(
        of connection: ServerConnection, _ body: (borrowing SessionView) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard isDone else { return nil }
        let facts = facts(connection, given.handle)
        return try connection.withSession { (live) throws(Failure) in try body(SessionView(live, facts)) }
    }

    /// What the session remembers for a program; empty before the handshake is done.
    package var applicationData: [UInt8] { isDone ? given.state?.applicationData ?? [] : [] }

    package var observesSessions: Bool { observer != nil }

    /// Keeps a session that was handed out until the handshake is known to be allowed.
    package func established(_ session: SessionReference) {
        guard observer != nil, let handle = given.handle else { return }
        given.waiting.append(GivenSessions.AwaitingSession(reference: session, handle: handle))
    }

    /// Hands the observer the sessions that were handed out since the last call.
    ///
    /// - Parameter connection: the one whose handshake is done.
    package func announceSessions(of connection: ServerConnection) {
        guard isDone, let observer, !given.waiting.isEmpty else { return }
        defer { given.waiting = [] }
        let certificates = connection.clientCertificates
        for session in given.waiting {
            observer.sessionEstablished(
                facts(connection, session.handle).retained(session.reference, certificates: certificates))
        }
    }

    func facts(_ connection: ServerConnection, _ handle: ResumptionHandle?) -> SessionFacts {
        SessionFacts(
            summary: connection.summary, outcome: outcome, state: given.state, handle: handle,
            context: SessionContext(
                hostID: offer?.hostID ?? "", fingerprint: offer?.sessionIDContext ?? [], domain: domain, policy: policy),
            isToCome: connection.ticketsAreToCome)
    }

    /// Makes the session remember a router's bytes, authenticated and in a ticket confidential, from now on through
    /// every resumption; empty bytes end it.
    ///
    /// A ticket that was sent cannot be changed, nor a session in a store that other machines share: this process adds
    /// the bytes when the client comes back, and renews the ticket. It changes a session in our own store at once.
    package func setApplicationData(_ bytes: [UInt8]) throws(ApplicationDataError) {
        guard bytes.count <= ApplicationDataError.limit else { throw .tooLong(bytes: bytes.count) }
        guard isDone, var changed = given.state, policy.isOn else { throw .noSession }
        if changed.applicationData == bytes {
            // Another connection has set other data since.
            guard let later = domain.pending[changed.lineage.id], later.set > changed.applicationDataSet else { return }
        }
        let now = clock()
        let milliseconds = UInt64(max(0, now.secondsSinceEpoch) * 1000 + Int64(now.nanoseconds) / 1_000_000)
        // It must be later than what it replaces, even if the clock went back.
        let last = max(changed.applicationDataSet, domain.pending[changed.lineage.id]?.set ?? 0)
        let fits = changed.remember(bytes, set: max(milliseconds, last + 1))
        precondition(fits, "\(bytes.count) bytes of application data")
        given.change(to: changed)
        for key in storedKeys where !domain.answersLater { replace(key, by: changed) }
        // Sessions handed out from now on carry it.
        guard given.handle != nil else { return }
        domain.pending.set(
            PendingData.Value(bytes: bytes, set: changed.applicationDataSet), for: changed.lineage.id)
    }

    /// The store keys of the session that the client offered, and of those that it was handed.
    var storedKeys: [SessionKey] { given.keys + (attempt.accepted?.found.key.map { [$0] } ?? []) }

    /// Rewrites what a stored session remembers, unless it has been spent or replaced meanwhile.
    private func replace(_ key: SessionKey, by state: ResumptionState) {
        let now = clock()
        withUnsafeTemporaryAllocation(byteCount: LocalSessionStore.longestSession, alignment: 8) { buffer in
            guard let count = domain.store.get(key, at: now, into: buffer), count > 0 else { return }
            let session = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
            defer { session.wipe() }
            let old = UnsafeRawBufferPointer(session)
            SessionReference.replacing(state: state.encoded, in: old)?.withBytes {
                domain.store.replace(key, old, by: $0, expires: state.expires, at: now)
            }
        }
    }
}
