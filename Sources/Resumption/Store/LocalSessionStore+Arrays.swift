package import Vocabulary

/// The store's protocol, without waiting for anything. Each answer is an array of its own, allocated under the lock.
extension LocalSessionStore {
    package func get(_ key: SessionKey, at time: WallTime) -> [UInt8]? {
        withFound(key, at: time) { shard, found in
            [UInt8](shard.ring.session(at: found.place, length: found.length))
        }
    }

    package func take(_ key: SessionKey, at time: WallTime) -> [UInt8]? {
        withFound(key, at: time) { shard, found in
            let session = [UInt8](shard.ring.session(at: found.place, length: found.length))
            shard.discard(found)
            return session
        }
    }

    package func put(_ key: SessionKey, _ session: [UInt8], expires: WallTime, at time: WallTime) {
        session.withUnsafeBytes { _ = put(key, $0, expires: expires, at: time) }
    }
}
