/// Why a file of ticket keys cannot be used. It names lines and sizes, never content.
package enum TicketKeyFileFault: Error, Sendable, Hashable {
    /// There is nothing in it.
    case empty
    /// It is larger than any file of keys.
    case tooLong(bytes: Int)
    /// It is not text, and does not have the size of a key.
    case wrongSize(bytes: Int)
    /// It has the size of a key, and is text.
    case textOfKeySize(bytes: Int)
    /// A line is no base64; lines count from 1.
    case notBase64(line: Int)
    /// A line is base64 of that many bytes.
    case wrongLineSize(line: Int, bytes: Int)
    /// A line has a key of another size than the lines before it.
    case mixedSizes(line: Int)
    /// It has only that many lines.
    case tooFewLines(Int)
    /// A name or a key is one byte over and over; no line where the file is the key.
    case notRandom(line: Int?)
    /// Two lines' keys have the same name.
    case duplicateLines(first: Int, second: Int)
    /// Two files' keys have the same name; files count from 1.
    case duplicateFiles(first: Int, second: Int)
}

extension TicketKeyFileFault: CustomStringConvertible {
    /// What is wrong, and what would be accepted.
    package var description: String {
        switch self {
        case .empty: "the file is empty; make a key with `openssl rand 80`"
        case .tooLong(let bytes): "the file has \(bytes) bytes, too many for ticket keys"
        case .wrongSize(let bytes):
            "the file has \(bytes) bytes; a key has 48 or 80, and keys in text are lines of base64"
        case .textOfKeySize(let bytes):
            "the \(bytes) bytes are all text; a key is random bytes as `openssl rand \(bytes)` makes them, not in hex "
                + "or base64"
        case .notBase64(let line): "line \(line) is not base64 of a key"
        case .wrongLineSize(let line, let bytes):
            "line \(line) is base64 of \(bytes) bytes; a key has 48 or 80, all on one line (`openssl rand 80 | base64 "
                + "-w 0`)"
        case .mixedSizes(let line): "line \(line) has a key of another size than the lines before; all need the same"
        case .tooFewLines(let count):
            "the file has \(count) of the \(TicketKeyFile.haproxyKeys) lines it needs: the last but one seals"
        case .notRandom(let line):
            (line.map { "line \($0)" } ?? "the file") + " has one byte over and over where a key should be random"
        case .duplicateLines(let first, let second): "lines \(first) and \(second) have keys of the same name"
        case .duplicateFiles(let first, let second): "files \(first) and \(second) have keys of the same name"
        }
    }
}
