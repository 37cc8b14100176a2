package import RepriseResumption
package import RepriseVocabulary

/// Session affinity: a client that resumes goes to the server that its session remembers.
extension UpstreamGroup {
    /// Whether sessions remember its servers.
    package var keepsAffinity: Bool { balancing.affinity == .session }

    /// What a session remembers of a server.
    package func memory(of index: Int) -> UpstreamMemory { memories[index] }

    /// The server that a session remembers.
    ///
    /// - Returns: its index, where the memory holds and the server may have another connection, and what came of it:
    ///   ``AffinityResult/kept`` as far as the connect is not known yet.
    package func remembered(_ memory: UpstreamMemory?) -> (index: Int?, result: AffinityResult) {
        guard let memory else { return (nil, .new) }
        guard memory.group == memories[0].group else { return (nil, .otherGroup) }
        guard let index = places[memory.server], memories[index].address == memory.address else { return (nil, .gone) }
        return isOverloaded(index) ? (nil, .overloaded) : (index, .kept)
    }

    /// Whether one more connection would give a server more than its share of the group's.
    private func isOverloaded(_ index: Int) -> Bool {
        guard case .share(let bound) = balancing.affinityBound else { return false }
        let (own, all) = loads.withTable { table in (table.load(of: slots[index]), memberLoad(in: table)) }
        return Double(own + 1) > max(1, bound * Double(all + 1) * Double(weights[index]) / Double(totalWeight))
    }

    /// The digests of each server.
    static func memories(_ name: String, _ servers: [UpstreamServer]) -> [UpstreamMemory] {
        let group = StableHash.of(text: name)
        return servers.map {
            UpstreamMemory(group: group, server: StableHash.of(text: $0.id), address: StableHash.of(text: $0.address))
        }
    }
}

extension StableHash {
    /// The digest of a name that an operator has chosen.
    fileprivate static func of(text: String) -> UInt64 {
        var hash = StableHash(4)
        hash.absorb(text.utf8)
        return hash.value
    }
}
