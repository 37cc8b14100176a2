internal import RepriseTLS
internal import RepriseVocabulary

/// What a session is made to remember beside its own: a program's bytes, and the upstream server.
extension ConnectionResumption {
    /// What the session remembers for a program; empty while it is not known.
    package var applicationData: [UInt8] { known?.applicationData ?? [] }

    /// The upstream server that the session remembers; `nil` while it is not known.
    package var upstream: UpstreamMemory? { known?.upstream?.value }

    /// Makes the session remember a router's bytes, authenticated and in a ticket confidential, from now on through
    /// every resumption; empty bytes end it.
    ///
    /// A ticket that was sent cannot be changed, nor a session in a store that other machines share: this process adds
    /// the bytes when the client comes back, and renews the ticket. It changes a session in our own store at once.
    package func setApplicationData(_ bytes: [UInt8]) throws(ApplicationDataError) {
        guard bytes.count <= ApplicationDataError.limit else { throw .tooLong(bytes: bytes.count) }
        guard var changed = known, policy.isOn else { throw .noSession }
        let waiting = domain.pending[changed.lineage.id]
        // Another connection may have set other data since.
        if changed.applicationData == bytes, waiting.map({ $0.set <= changed.applicationDataSet }) ?? true { return }
        let set = stamp(after: max(changed.applicationDataSet, waiting?.set ?? 0))
        let fits = changed.remember(bytes, set: set)
        precondition(fits, "\(bytes.count) bytes of application data")
        if change(to: changed) { domain.pending.set(Stamped(value: bytes, set: set), for: changed.lineage.id) }
    }

    /// Makes the session remember an upstream server, in the same way.
    package func remember(_ upstream: UpstreamMemory) {
        guard var changed = known, policy.isOn else { return }
        let waiting = domain.pendingUpstreams[changed.lineage.id]
        let isNewest = waiting.map { $0.set <= changed.upstream?.set ?? 0 } ?? true
        if changed.upstream?.value == upstream, isNewest { return }
        let set = stamp(after: max(changed.upstream?.set ?? 0, waiting?.set ?? 0))
        let stamped = Stamped(value: upstream, set: set)
        changed.upstream = stamped
        if change(to: changed) { domain.pendingUpstreams.set(stamped, for: changed.lineage.id) }
    }

    /// The time now in milliseconds, and later than what it replaces even if the clock went back.
    func stamp(after last: UInt64) -> UInt64 {
        let now = clock()
        let milliseconds = UInt64(max(0, now.secondsSinceEpoch) * 1000 + Int64(now.nanoseconds) / 1_000_000)
        return max(milliseconds, last + 1)
    }

    /// Sessions handed out from now on carry it.
    ///
    /// - Returns: whether the client has one already that does not.
    private func change(to changed: ResumptionState) -> Bool {
        given.change(to: changed)
        for key in storedKeys where !domain.answersLater { replace(key, by: changed) }
        return given.handle != nil
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
