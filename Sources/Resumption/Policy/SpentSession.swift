internal import Vocabulary

/// A single-use session that a handshake has taken out of the store, for as long as that handshake lasts.
struct SpentSession {
    var der: [UInt8]
    let expires: WallTime
}
