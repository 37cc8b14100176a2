internal import RepriseTLS
package import RepriseVocabulary

/// The one door to the sessions of a domain: whether they are in this process or on other machines is decided behind it.
extension SessionDomain {
    /// Whether sessions are on other machines: what is looked up is answered later.
    package var answersLater: Bool { shared != nil }

    /// Asks for sessions, and hands them to `body` on the executor.
    ///
    /// - Parameters:
    ///   - taking: for a single use: only one caller gets a session.
    ///   - executor: where the store's functions run: the loop of the worker that asks.
    ///   - body: gets `nil` when the store failed, and nothing was found.
    /// - Returns: the task that asks; cancel it when the handshake no longer waits.
    package func ask(
        _ keys: [SessionKey], taking: Bool, at time: WallTime, on executor: any TaskExecutor,
        _ body: @escaping @Sendable ([SessionKey: StoredSession]?) -> Void
    ) -> Task<Void, Never> {
        Task(executorPreference: executor) { body(await self.fetch(keys, taking: taking, at: time)) }
    }

    /// The same on the caller's own executor.
    package func fetch(_ keys: [SessionKey], taking: Bool, at time: WallTime) async -> [SessionKey: StoredSession]? {
        guard let shared else { return [:] }
        return await shared.fetch(keys, taking: taking, at: time)
    }

    /// Lends a session that a client offers.
    ///
    /// - Parameters:
    ///   - answers: what was asked for, where sessions are on other machines.
    ///   - body: is called with the DER when it is there, and whether its time is over; a spent one has no bytes.
    /// - Returns: why it is not there, if that is more than that nobody has it.
    func look(
        _ key: SessionKey, in answers: RemoteLookup, at time: WallTime,
        _ body: (_ session: UnsafeRawBufferPointer, _ isPast: Bool) -> Void
    ) -> ResumptionRefusal? {
        guard answersLater else {
            store.look(key, at: time, body)
            return nil
        }
        guard let found = answers.fetched[key] else { return answers.isSilent ? .storeSilent : nil }
        found.withBytes { body($0, false) }
        return nil
    }

    /// Keeps a session that a client is given. No handshake waits for another machine: a client that comes back sooner
    /// finds nothing, and makes a full handshake.
    ///
    /// - Returns: whether it is there, or on its way.
    func keep(
        _ key: SessionKey, _ der: UnsafeRawBufferPointer, expires: WallTime, at time: WallTime, _ wire: inout Telling
    ) -> Bool {
        guard let shared else { return store.put(key, der, expires: expires, at: time).isKept }
        let session = StoredSession(content: .session(Secret(copying: der)), expires: expires)
        wire.last = shared.tell(key, session, at: time, after: wire.last, on: wire.executor)
        return true
    }

    /// Forgets sessions, wherever they are.
    func remove(_ keys: [SessionKey], _ wire: inout Telling) {
        guard let shared else { return keys.forEach { store.remove($0) } }
        guard !keys.isEmpty else { return }
        wire.last = shared.tellRemoval(keys, after: wire.last, on: wire.executor)
    }

    /// Gives back what was taken from other machines for a single use, spent ones too; the one that was resumed goes back
    /// as spent.
    package func giveBack(
        _ taken: [SessionKey: StoredSession], resumed: SessionKey? = nil, at time: WallTime, _ wire: inout Telling
    ) {
        guard let shared else { return }
        for (key, session) in taken {
            let session = key == resumed ? StoredSession(content: .spent, expires: session.expires) : session
            wire.last = shared.tell(key, session, at: time, after: wire.last, on: wire.executor)
        }
    }

    /// Whether a session is there, by what this process knows; `nil` where another machine must be asked.
    func knows(_ key: SessionKey, at time: WallTime) -> Presence? {
        guard shared == nil else { return nil }
        return Presence(storedBytes: store.length(of: key, at: time))
    }

    /// The same, and asks the other machine.
    ///
    /// - Throws: when it has no answer.
    func asks(_ key: SessionKey, at time: WallTime) async throws -> Presence {
        if let known = knows(key, at: time) { return known }
        guard let found = await fetch([key], taking: false, at: time) else { throw StoreSilence() }
        switch found[key]?.content {
        case nil: return .absent
        case .spent: return .spent
        case .session: return .there
        }
    }

    /// Adds a session that came from elsewhere; one that is there stays as it is.
    ///
    /// - Returns: whether it was added.
    func add(_ key: SessionKey, _ der: Secret, expires: WallTime, at time: WallTime) async -> Bool {
        guard let shared else { return der.withBytes { store.add(key, $0, expires: expires, at: time) } }
        do {
            guard try await asks(key, at: time) == .absent else { return false }
            try await shared.put(key, StoredSession(content: .session(der), expires: expires), at: time)
            return true
        } catch {
            return false
        }
    }

    /// How many writes to other machines were skipped, or given up, because they are too slow.
    package var writesLeftOut: Int { shared?.writes.leftOut ?? 0 }

    /// Gives up the writes to other machines that take too long.
    package func giveUpLateWrites() { shared?.writes.giveUpLate() }
}

/// How a connection tells another machine of its sessions: in order, on its loop.
package struct Telling: Sendable {
    let executor: (any TaskExecutor)?
    /// The last write about them.
    var last: StoreWrites.Write?

    package init(on executor: (any TaskExecutor)?) {
        self.executor = executor
    }
}

/// Whether a store has a session.
enum Presence: Equatable {
    case there, absent
    /// The rest of a single-use session that was resumed, which has no bytes.
    case spent

    fileprivate init(storedBytes: Int?) {
        self =
            switch storedBytes {
            case nil: .absent
            case 0: .spent
            default: .there
            }
    }
}

/// The store had no answer.
private struct StoreSilence: Error {}
