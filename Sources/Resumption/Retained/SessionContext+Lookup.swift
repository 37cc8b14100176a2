internal import RepriseTLS
public import RepriseVocabulary

/// Looking sessions up.
extension SessionContext {
    /// The stored session that clients offer by a key, retained; it stays in the store.
    ///
    /// Tickets hold their sessions themselves: only stateful ones are found.
    /// - Parameters:
    ///   - key: a TLS 1.2 session id, or the identity of a stateful TLS 1.3 ticket (``RetainedSession/key``).
    ///   - time: the time now, see `WallTime.now`.
    ///   - deadline: how long to wait for a store that other machines share; after that there is none.
    /// - Returns: `nil` when there is none that belongs here, or it has expired or is spent.
    public func session(
        _ key: SessionKey, at time: WallTime, askingStoreFor deadline: Duration = .seconds(1)
    ) async -> RetainedSession? {
        guard domain.answersLater else {
            // A second name for the array would have the wiping make a copy, and wipe that.
            guard var bytes = domain.store.get(key, at: time), !bytes.isEmpty else { return nil }
            defer { bytes.withUnsafeMutableBytes { $0.wipe() } }
            return retained(key, bytes.withUnsafeBytes { Secret(copying: $0) })
        }
        let found = await firstAnswer(within: deadline) { [domain] in
            await domain.fetch([key], taking: false, at: time)?[key]
        }
        guard case .session(let der)?? = found?.map(\.content) else { return nil }
        return retained(key, der)
    }

    private func retained(_ key: SessionKey, _ der: Secret) -> RetainedSession? {
        let form = SerializedSession(handle: .stored(key), serverName: nil, applicationProtocol: nil, der: der)
        return try? RetainedSession(form, in: self)
    }
}

/// The answer of `body`, unless it takes too long: then `nil`, and its task is cancelled. A body that ignores that does
/// not hold the caller up.
func firstAnswer<Answer: Sendable>(
    within deadline: Duration, _ body: @escaping @Sendable () async -> Answer
) async -> Answer? {
    await withCheckedContinuation { continuation in
        let waiting = Locked<CheckedContinuation<Answer?, Never>?>(continuation)
        let answer = { @Sendable (answer: Answer?) in waiting.withLock { $0.take() }?.resume(returning: answer) }
        let asking = Task(executorPreference: StoreExecutor.shared) { answer(await body()) }
        Task(executorPreference: StoreExecutor.shared) {
            try? await Task.sleep(for: deadline)
            answer(nil)
            asking.cancel()
        }
    }
}
