internal import RepriseTLS
package import RepriseVocabulary

/// Under what a session was agreed on with a server: one is offered only where all of it is the same.
package struct UpstreamSessionKey: Sendable, Hashable {
    /// 128 bits of a SHA-256.
    private let high: UInt64
    private let low: UInt64
    /// The same for the server under any name.
    let server: UInt64

    /// - Parameters:
    ///   - policy: a digest of the settings: who vouches, what is shown, offered and demanded.
    ///   - asked: the name that the server is asked for.
    ///   - verified: the name that its certificate is for.
    package init(policy: [UInt8], endpoint: Endpoint, asked: String?, verified: String?) {
        var text = policy + Array(endpoint.description.utf8)
        server = SessionCrypto.digest(text)
        // The lengths in front keep "a" + "bc" apart from "ab" + "c"; no name is not the empty one.
        for part in ["\(endpoint)", asked, verified] {
            guard let part else {
                text.append(0xff)
                continue
            }
            let count = UInt32(part.utf8.count)
            for shift in [24, 16, 8, 0] { text.append(UInt8(truncatingIfNeeded: count >> UInt32(shift))) }
            text += part.utf8
        }
        (high, low) = SessionCrypto.sha256(text).withUnsafeBytes {
            ($0.loadUnaligned(as: UInt64.self), $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        }
    }
}
