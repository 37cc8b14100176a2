internal import RepriseTLS
package import RepriseVocabulary

/// A session as a store on another machine has kept it, opened again.
package struct StoredSession: Sendable {
    /// What is known of it.
    package enum Content: Sendable {
        /// Its DER.
        case session(Secret)
        /// It was for a single use, and has been resumed.
        case spent
    }

    package let content: Content
    /// When it expires, as it was sealed in.
    package let expires: WallTime
}

/// The door to a store on other machines: seals what goes out, opens what comes back, and gives up what takes too long.
final class SharedSessions: Sendable {
    private let store: any SessionStore
    private let keys: TicketKeyRing
    private let domain: [UInt8]
    let writes = StoreWrites()

    init(_ store: any SessionStore, keys: TicketKeyRing, domain: String) {
        (self.store, self.keys, self.domain) = (store, keys, Array(domain.utf8))
    }

    /// Asks for sessions one after the other.
    ///
    /// - Parameter taking: for a single use: only one caller gets a session.
    /// - Returns: `nil` when the store failed, and nothing was found. What cannot be opened is not there.
    func fetch(_ names: [SessionKey], taking: Bool, at time: WallTime) async -> [SessionKey: StoredSession]? {
        var found: [SessionKey: StoredSession] = [:]
        var hasFailed = false
        for name in names {
            do {
                let key = storeKey(name)
                guard let sealed = try await taking ? store.take(key, at: time) : store.get(key, at: time) else {
                    continue
                }
                found[name] = open(sealed, name, at: time)
                // A machine that has not this ticket key yet must not end what another one keeps.
                guard taking, found[name] == nil, let expires = SessionSeal.expiry(of: sealed), expires > time else {
                    continue
                }
                try await store.put(key, sealed, expires: expires, at: time)
            } catch {
                hasFailed = true
            }
        }
        return hasFailed && found.isEmpty ? nil : found
    }

    /// Puts a session there, and waits until the store has it.
    func put(_ name: SessionKey, _ session: StoredSession, at time: WallTime) async throws {
        guard let sealed = seal(session, name, at: time) else { return }
        try await store.put(storeKey(name), sealed, expires: session.expires, at: time)
    }

    /// Puts a session there without waiting for the store.
    ///
    /// - Parameters:
    ///   - previous: the write that must come first.
    ///   - executor: where the store's functions run.
    /// - Returns: the write that the next one about the same sessions must follow.
    func tell(
        _ name: SessionKey, _ session: StoredSession, at time: WallTime, after previous: StoreWrites.Write?,
        on executor: (any TaskExecutor)?
    ) -> StoreWrites.Write? {
        guard let sealed = seal(session, name, at: time) else { return previous }
        return writes.begin(after: previous, on: executor) { [store, key = storeKey(name)] in
            try await store.put(key, sealed, expires: session.expires, at: time)
        }
    }

    /// Forgets sessions without waiting for the store.
    func tellRemoval(
        _ names: [SessionKey], after previous: StoreWrites.Write?, on executor: (any TaskExecutor)?
    ) -> StoreWrites.Write? {
        writes.begin(after: previous, on: executor) { [store, keys = names.map(storeKey)] in
            // One that fails keeps none of the others.
            for key in keys { try? await store.remove(key) }
        }
    }

    /// - Returns: `nil` when no ticket key seals: nothing goes out unsealed.
    func seal(_ session: StoredSession, _ name: SessionKey, at time: WallTime) -> [UInt8]? {
        guard let key = keys.sealing(at: time) else { return nil }
        return session.withBytes {
            SessionSeal.seal($0, expires: session.expires, binding: binding(name), with: key.secrets)
        }
    }

    /// - Returns: `nil` for what we, or a machine with our keys, did not seal under this name, and for what has expired.
    func open(_ sealed: [UInt8], _ name: SessionKey, at time: WallTime) -> StoredSession? {
        guard let keyName = SessionSeal.keyName(of: sealed),
            case .found(let key, _) = keyName.withUnsafeBytes({ keys.opening(name: $0, at: time) }),
            let opened = SessionSeal.open(sealed, binding: binding(name), with: key.secrets), opened.expires > time
        else { return nil }
        return StoredSession(
            content: opened.session.count == 0 ? .spent : .session(opened.session), expires: opened.expires)
    }

    /// The key that the store sees: of this domain's own, so that a listener of another domain takes nothing out of it.
    func storeKey(_ name: SessionKey) -> SessionKey {
        SessionKey(SessionCrypto.sha256(binding(name))) ?? name
    }

    private func binding(_ name: SessionKey) -> [UInt8] { name.withBytes(Array.init) + domain }
}

extension StoredSession {
    /// Lends the DER; a spent one has no bytes.
    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        switch content {
        case .session(let session): session.withBytes(body)
        case .spent: body(UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }
}
