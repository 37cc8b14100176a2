internal import RepriseVocabulary

/// Warns of options of a way to balance that the group does not use.
struct BalanceCheck {
    private(set) var warnings: [Fault] = []

    mutating func check(_ root: Reader) {
        let hash = BalancePolicy.consistentHash.word
        for upstream in root["upstreams"]?.elements ?? [] {
            let affinity = upstream["affinity"]
            if affinity?.isDamaged != true, (affinity?.text ?? Affinity.none.word) == Affinity.none.word,
                let value = upstream["affinity_max_load"], !value.isDamaged,
                value.text != LoadBound.unlimited.description
            {
                warnings.append(value.fault("has no effect without \"affinity: \(Affinity.session.word)\""))
            }
            let balance = upstream["balance"]
            // One that cannot be read may have meant it.
            guard balance?.isDamaged != true, balance?.text != hash else { continue }
            for value in ["hash_by", "hash_max_load"].compactMap({ upstream[$0] }) where !value.isDamaged {
                warnings.append(value.fault("has no effect without \"balance: \(hash)\""))
            }
        }
    }
}
