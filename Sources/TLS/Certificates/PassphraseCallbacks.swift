import CRepriseOpenSSL
import RepriseVocabulary

/// What libcrypto's PEM reader is answered when it asks for a passphrase.
final class PassphraseQuestion {
    private let answer: Secret?
    /// Whether it asked, so whether the key is encrypted.
    private(set) var wasAsked = false

    init(answer: Secret?) {
        self.answer = answer
    }

    /// The passphrase's length once copied to `buffer`, or -1 for none: the reader then gives up.
    func reply(into buffer: UnsafeMutableRawBufferPointer) -> CInt {
        wasAsked = true
        guard let answer, answer.count <= buffer.count else { return -1 }
        answer.withBytes { buffer.copyMemory(from: $0) }
        return CInt(answer.count)
    }
}

/// pem_password_cb(3). Being set at all is what keeps libcrypto from asking on the terminal.
func answerPassphrase(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: CInt, _ isForWriting: CInt, _ argument: UnsafeMutableRawPointer?
) -> CInt {
    guard let buffer, size > 0, let argument else { return -1 }
    // The reader is called while its caller holds the question.
    let question = Unmanaged<PassphraseQuestion>.fromOpaque(argument).takeUnretainedValue()
    return question.reply(into: UnsafeMutableRawBufferPointer(start: buffer, count: Int(size)))
}
