package import RepriseVocabulary

/// What an ending means for the sessions of a connection.
extension ConnectionResumption {
    /// What an ending did to the sessions of this connection.
    package enum AfterEnding: Sendable, Hashable {
        case kept
        case dropped
        /// The deny list had no room for the lineage, which has no client certificate: it may still resume.
        case notDenied
        /// The deny list was full: it refuses all lineages with a certificate that were authenticated up to that
        /// moment. `isFirst`: it did not do so before.
        case droppedWithOthers(upTo: WallTime, isFirst: Bool)
    }

    /// The connection has ended: applies the policy to its lineage.
    ///
    /// Before the handshake is done the client has proved nothing, and nothing is dropped.
    package func connectionEnded(_ ending: Ending) -> AfterEnding {
        guard isDone else {
            giveBack(but: nil)
            return .kept
        }
        guard let state = given.state, policy.verdicts[ending] == .drop else { return .kept }
        // This includes the session that it resumed: with the handshake done the client has proved that it owns that
        // one.
        domain.remove(storedKeys, &wire)
        let oldest = clock().later(by: .zero - domain.longestChainAge)
        let holder = state.certificate.map(DenyList.Holder.certificate) ?? .address(client?.network)
        switch domain.denyList.deny(state.lineage, of: holder, oldest: oldest) {
        case .added, .alreadyThere: return .dropped
        case .leftOut: return .notDenied
        case .overflowed(let moment, let isFirst): return .droppedWithOthers(upTo: moment, isFirst: isFirst)
        }
    }
}
