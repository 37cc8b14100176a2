/// What this program brings to libcrypto, because libcrypto's own costs more.
package enum OwnPart: Int, ClosedList {
    case primitives, memory

    package static let title = "What libcrypto uses of Reprise's own"

    package var text: (word: String, meaning: String) {
        switch self {
        case .primitives: ("primitives", "HMAC and the key derivations of TLS 1.2 and 1.3, over libcrypto's SHA-2.")
        case .memory: ("memory", "Lists of freed blocks for each thread, in place of malloc(3).")
        }
    }

    package var advice: String? {
        switch self {
        case .primitives: "`REPRISE_PRIMITIVES=off` in the environment leaves them to libcrypto."
        case .memory: "`REPRISE_MEMORY=off` in the environment leaves it to malloc(3)."
        }
    }
}
