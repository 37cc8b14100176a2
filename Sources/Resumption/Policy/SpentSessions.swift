internal import TLS
internal import Vocabulary

/// The single-use sessions that a handshake has taken out of the store, for as long as it lasts.
struct SpentSessions {
    private var sessions: [SessionKey: (der: [UInt8], expires: WallTime)] = [:]

    var isEmpty: Bool { sessions.isEmpty }

    /// A session's DER.
    subscript(key: SessionKey) -> [UInt8]? { sessions[key]?.der }

    mutating func add(_ key: SessionKey, _ der: [UInt8], expires: WallTime) {
        sessions[key] = (der, expires)
    }

    /// Puts them back where they were.
    mutating func giveBack(to store: LocalSessionStore, at time: WallTime) {
        for (key, session) in sessions { store.put(key, session.der, expires: session.expires, at: time) }
        wipe()
    }

    /// Forgets them, and overwrites the secrets that are in them.
    mutating func wipe() {
        for key in sessions.keys { sessions[key]?.der.withUnsafeMutableBytes { SessionRandom.wipe($0) } }
        sessions = [:]
    }
}
