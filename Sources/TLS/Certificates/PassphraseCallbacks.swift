import CRepriseOpenSSL
import RepriseVocabulary

/// The answer to libcrypto's PEM reader when it asks for a passphrase.
final class PassphraseQuestion {
    private let answer: Secret?
    /// Whether it asked, which means that the key is encrypted.
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

/// pem_password_cb(3). While it is set, libcrypto does not ask on the terminal.
func answerPassphrase(
    _ buffer: UnsafeMutablePointer<CChar>?, _ size: CInt, _ isForWriting: CInt, _ argument: UnsafeMutableRawPointer?
) -> CInt {
    guard let buffer, size > 0, let argument else { return -1 }
    // The reader is called while its caller holds the question.
    let question = Unmanaged<PassphraseQuestion>.fromOpaque(argument).takeUnretainedValue()
    return question.reply(into: UnsafeMutableRawBufferPointer(start: buffer, count: Int(size)))
}
