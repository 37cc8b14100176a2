import Vocabulary

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
            let current = (lists[issuer] ?? []).filter { $0.isCurrent(at: time) && $0.scope.holds(certificate) }
            let parts = current.filter { $0.scope.worth == .part }
            // A newer list replaces an older one: what was on hold may have been let go.
            let newest = current.filter { $0.scope.worth == .whole }.max { $0.begins < $1.begins }
            if (parts + [newest].compactMap(\.self)).contains(where: { $0.names(certificate) }) { return .revoked }
            if newest != nil { isCovered = true }
        }
        return isCovered ? .none : .unknown
    }
}
