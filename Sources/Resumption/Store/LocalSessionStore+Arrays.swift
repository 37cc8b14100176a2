package import RepriseVocabulary

/// The store's protocol, without waiting for anything.
extension LocalSessionStore {
    /// The session under a key, which stays; in an array of its own, allocated under the lock.
    package func get(_ key: SessionKey, at time: WallTime) -> [UInt8]? {
        withFound(key, at: time) { shard, found in
            [UInt8](shard.records.session(at: found.offset, length: found.length))
        }
    }

    /// As ``get(_:at:)``, and removes the session: of several callers at once only one gets it.
    package func take(_ key: SessionKey, at time: WallTime) -> [UInt8]? {
        withFound(key, at: time) { shard, found in
            let session = [UInt8](shard.records.session(at: found.offset, length: found.length))
            shard.discard(found)
            return session
        }
    }

    /// Keeps a session like the `put` that returns an outcome.
    package func put(_ key: SessionKey, _ session: [UInt8], expires: WallTime, at time: WallTime) {
        session.withUnsafeBytes { _ = put(key, $0, expires: expires, at: time) }
    }
}
