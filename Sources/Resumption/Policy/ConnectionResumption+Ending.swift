package import RepriseVocabulary

/// What an ending means for the sessions of a connection.
extension ConnectionResumption {
    /// What an ending meant for the sessions of this connection.
    package enum AfterEnding: Sendable, Hashable {
        case kept
        case dropped
        /// It would have been dropped, and the deny list had no room for it; it has no client certificate.
        case notDenied
        /// The deny list was full: all lineages with a certificate that were authenticated up to that moment are refused now.
        /// It is the first time when it was not so before.
        case droppedWithOthers(upTo: WallTime, isFirst: Bool)
    }

    /// The connection has ended: what that means for its lineage, by the policy.
    ///
    /// Before the handshake is done nobody has shown who they are, and nothing is dropped.
    package func connectionEnded(_ ending: Ending) -> AfterEnding {
        guard isDone else {
            giveBack(but: nil)
            return .kept
        }
        guard let state = given.state, policy.verdicts[ending] == .drop else { return .kept }
        // Where it came from, too: with the handshake done the client has shown that the session is its own.
        let keys = storedKeys
        if domain.remote != nil {
            domain.tellRemote(after: given.telling) { remote in for key in keys { try await remote.remove(key) } }
        } else {
            for key in keys { domain.store.remove(key) }
        }
        let oldest = clock().later(by: .zero - domain.longestChainAge)
        let holder = state.certificate.map(DenyList.Holder.certificate) ?? .address(client?.network)
        switch domain.denyList.deny(state.lineage, of: holder, oldest: oldest) {
        case .added, .alreadyThere: return .dropped
        case .leftOut: return .notDenied
        case .overflowed(let moment, let isFirst): return .droppedWithOthers(upTo: moment, isFirst: isFirst)
        }
    }
}
