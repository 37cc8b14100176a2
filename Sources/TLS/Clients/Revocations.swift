import RepriseVocabulary

/// What revocation lists say.
struct Revocations: Sendable {
    /// By who signed them.
    private var lists: [PeerChain.Issuer: [RevocationList]] = [:]

    mutating func add(_ list: RevocationList, of issuer: PeerChain.Issuer) {
        lists[issuer, default: []].append(list)
    }

    /// The judgement on a verified chain, at a full handshake and at a resumption alike.
    func judge(_ chain: [PeerChain.Certificate], at time: WallTime) -> ClientAuthentication.Revocation {
        let verdicts = chain.indices.map { judge($0, of: chain, at: time) }
        return verdicts.contains(.revoked) ? .revoked : verdicts.contains(.unknown) ? .unknown : .none
    }

    private func judge(
        _ index: Int, of chain: [PeerChain.Certificate], at time: WallTime
    ) -> ClientAuthentication.Revocation {
        let certificate = chain[index]
        // After a change of keys the same authority stands in the chain twice, and either key may sign its lists.
        let issuers = Set(chain[index...].map(\.issuer).filter { $0.name == certificate.issuer.name })
        var isCovered = false
        for issuer in issuers {
            let begun = (lists[issuer] ?? []).filter { $0.begins <= time && $0.scope.holds(certificate) }
            let parts = begun.filter { $0.scope.worth == .part && $0.isCurrent(at: time) }
            // A newer list replaces older ones of its scope, when it is over too: what was on hold may have been let go, and
            // what it revoked does not come back by an older one that lasts longer.
            let newest = Dictionary(grouping: begun.filter { $0.scope.worth == .whole }, by: \.scope).values
                .flatMap { RevocationList.newest(of: $0) }
            let current = newest.filter { $0.isCurrent(at: time) }
            if (parts + current).contains(where: { $0.names(certificate) }) { return .revoked }
            if newest.contains(where: { !$0.isCurrent(at: time) && $0.names(certificate) }) { return .unknown }
            if current.contains(where: { $0.scope.covers(certificate) }) { isCovered = true }
        }
        return isCovered ? .none : .unknown
    }
}
