package import RepriseVocabulary

/// Where stateful sessions live: in this process, or on a machine that a cluster shares.
///
/// What is stored is a session's DER, with its own expiry, which is authoritative: an entry past it is not there. All
/// of it may be asked from any thread. A store that throws, or is silent past its deadline, is a miss to whoever asks.
package protocol SessionStore: Sendable {
    /// The session under a key, which stays.
    func get(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]?
    /// The session under a key, which of all that ask at once only one gets; then it is gone.
    func take(_ key: SessionKey, at time: WallTime) async throws -> [UInt8]?
    /// Keeps a session until its expiry, or until its space is needed; one under the same key is replaced.
    func put(_ key: SessionKey, _ session: [UInt8], expires: WallTime, at time: WallTime) async throws
    /// Forgets a session; one that is not there is no error.
    func remove(_ key: SessionKey) async throws
}
