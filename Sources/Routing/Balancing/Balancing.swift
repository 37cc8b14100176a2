package import RepriseVocabulary

/// How a group chooses its servers: the policy and what belongs to it.
package struct Balancing: Sendable, Hashable {
    package var policy = BalancePolicy.roundRobin
    /// What is hashed, where the policy is ``BalancePolicy/consistentHash``.
    package var hashKey = HashKey.client
    /// The load up to which a hash is followed.
    package var hashBound = LoadBound.share(1.25)

    /// What ties a client to a server.
    package var affinity = Affinity.none
    /// The load up to which affinity is kept.
    package var affinityBound = LoadBound.unlimited

    /// Weighted round robin, unless something else is set.
    package init(
        _ policy: BalancePolicy = .roundRobin, by hashKey: HashKey = .client, bound: LoadBound = .share(1.25)
    ) {
        (self.policy, self.hashKey, hashBound) = (policy, hashKey, bound)
    }
}
