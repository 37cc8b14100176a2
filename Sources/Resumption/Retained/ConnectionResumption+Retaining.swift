package import RepriseTLS
internal import RepriseVocabulary

/// What routers get of a connection's session.
extension ConnectionResumption {
    /// Lends the connection's session for the length of `body`.
    ///
    /// - Parameter connection: the one whose sessions this object keeps.
    /// - Returns: `nil` when there is none: before the handshake is done, or pauses before its last flight, and once the
    ///   connection is closed.
    package func withSession<Result, Failure: Error>(
        of connection: ServerConnection, _ body: (borrowing SessionView) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        guard isKnown else { return nil }
        let facts = facts(connection, given.handle)
        return try connection.withSession { (live) throws(Failure) in try body(SessionView(live, facts)) }
    }

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
            isToCome: !isDone || connection.ticketsAreToCome)
    }
}
