internal import Glibc
internal import RepriseVocabulary

/// A moment as HTTP writes it.
enum HTTPDate {
    /// Such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7). The program never sets a locale, so the words are English.
    static func text(_ time: WallTime) -> String {
        var seconds = time_t(time.secondsSinceEpoch)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
