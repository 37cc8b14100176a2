package import RepriseResumption
package import RepriseTLS

/// Stands between a connection and what keeps its sessions: counts what is asked, and changes answers as told.
package final class ForwardingSessions: ConnectionSessions {
    private let kept: ConnectionResumption
    /// How many sessions and ticket keys were asked for.
    package private(set) var asked = 0
    /// Lets every session through, as a defect in the judging would.
    package var resumesAll = false
    /// What it answers when it is asked once more before the ServerHello; `nil` leaves it to the keeper.
    package var check: ResumptionCheck?
    /// Changes what a new session remembers.
    package var remembers: ([UInt8]) -> [UInt8] = { $0 }
    /// What the sessions that were judged remembered.
    package private(set) var judged: [[UInt8]] = []

    package init(_ kept: ConnectionResumption) {
        self.kept = kept
    }

    package func begin(_ offer: SessionOffer, clients: ClientAuthentication?) -> Bool {
        kept.begin(offer, clients: clients)
    }

    package func find(_ id: UnsafeRawBufferPointer, isTLS13: Bool, _ body: (UnsafeRawBufferPointer) -> Void) {
        asked += 1
        kept.find(id, isTLS13: isTLS13, body)
    }

    package func openingKey(named name: UnsafeRawBufferPointer) -> TicketKeyAnswer {
        asked += 1
        return kept.openingKey(named: name)
    }

    package func ticketDidNotOpen() { kept.ticketDidNotOpen() }

    package func judge(_ session: OpenedSession) -> SessionAnswer {
        judged.append(Array(session.state))
        let answer = kept.judge(session)
        return resumesAll ? .resume : answer
    }

    package func prepare(_ session: NewSession) { kept.prepare(session) }

    package var wantsRenewal: Bool { kept.wantsRenewal }

    package func sealingKey() -> TicketSecrets? { kept.sealingKey() }

    package func mark(_ session: NewSession) -> SessionMark? {
        kept.mark(session).map { SessionMark(state: remembers($0.state), seconds: $0.seconds) }
    }

    package func store(_ id: UnsafeRawBufferPointer, _ der: UnsafeRawBufferPointer) { kept.store(id, der) }

    package var observesSessions: Bool { kept.observesSessions }

    package func established(_ session: SessionReference) { kept.established(session) }

    package func checkResumption() -> ResumptionCheck { check ?? kept.checkResumption() }

    package func resumptionIsProved() { kept.resumptionIsProved() }

    package func grantWishes(_ count: Int) -> Int { kept.grantWishes(count) }

    package func callIsOver() { kept.callIsOver() }

    package func handshakeIsDone(resumed: Bool) -> ResumptionCheck { kept.handshakeIsDone(resumed: resumed) }
}
