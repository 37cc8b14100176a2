import RepriseVocabulary

/// A file of ticket keys shared with other programs; its content decides its format.
///
/// nginx has one key in a file, as 48 or 80 random bytes. HAProxy has a line of base64 for each key, the newest last;
/// it uses the last three, and seals with the last but one, so that a key is on every machine before any seals with it.
package struct TicketKeyFile: Sendable {
    /// The program whose format it is.
    package enum Format: String, Sendable {
        case nginx
        case haproxy
    }

    package let format: Format
    /// In the order in which they would seal.
    package let keys: [TicketKey]

    /// How many keys HAProxy keeps (its TLS_TICKETS_NO).
    package static let haproxyKeys = 3
    private static let sizes = [48, 80]

    /// Reads a file's bytes; the caller wipes them.
    package init(reading bytes: UnsafeRawBufferPointer) throws(TicketKeyFileFault) {
        guard !bytes.isEmpty else { throw .empty }
        guard bytes.count <= Limits.ticketKeyFileBytes else { throw .tooLong(bytes: bytes.count) }
        let isText = bytes.allSatisfy { (0x20...0x7e).contains($0) || [9, 10, 13].contains($0) }
        if Self.sizes.contains(bytes.count) {
            // Forty-eight random bytes are all text once in 10^20 files.
            guard !isText else { throw .textOfKeySize(bytes: bytes.count) }
            format = .nginx
            keys = [try Self.key(from: bytes, hmacFirst: bytes.count == 80, line: nil)]
        } else {
            guard isText else { throw .wrongSize(bytes: bytes.count) }
            format = .haproxy
            keys = try Self.lines(of: bytes)
        }
    }

    /// The keys of several files, in the order in which they would seal: the first file's first.
    package static func keys(of files: [TicketKeyFile]) throws(TicketKeyFileFault) -> [TicketKey] {
        var seen: [TicketKeyName: Int] = [:]
        var keys: [TicketKey] = []
        for (index, file) in files.enumerated() {
            for key in file.keys {
                if let first = seen[key.name] { throw .duplicateFiles(first: first + 1, second: index + 1) }
                keys.append(key)
            }
            for key in file.keys { seen[key.name] = index }
        }
        return keys
    }

    private static func lines(of bytes: UnsafeRawBufferPointer) throws(TicketKeyFileFault) -> [TicketKey] {
        var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
        if lines.last?.isEmpty ?? false { lines.removeLast() }
        var keys: [TicketKey] = []
        var size: Int?
        for (index, line) in lines.enumerated() {
            let text = line.last == 13 ? line.dropLast() : line
            guard !text.isEmpty, let key = Base64.decode(UnsafeRawBufferPointer(rebasing: text)) else {
                throw .notBase64(line: index + 1)
            }
            guard sizes.contains(key.count) else { throw .wrongLineSize(line: index + 1, bytes: key.count) }
            guard size ?? key.count == key.count else { throw .mixedSizes(line: index + 1) }
            size = key.count
            let made = try key.withBytes { bytes in
                Result { () throws(TicketKeyFileFault) in
                    try Self.key(from: bytes, hmacFirst: false, line: index + 1)
                }
            }.get()
            if let first = keys.firstIndex(where: { $0.name == made.name }) {
                throw .duplicateLines(first: first + 1, second: index + 1)
            }
            keys.append(made)
        }
        guard keys.count >= haproxyKeys else { throw .tooFewLines(keys.count) }
        let used = keys.suffix(haproxyKeys).reversed()
        return [Array(used)[1]] + used.prefix(1) + used.dropFirst(2)
    }

    /// Splits a name and two keys of equal length; the formats disagree on which key comes first.
    private static func key(
        from bytes: UnsafeRawBufferPointer, hmacFirst: Bool, line: Int?
    ) throws(TicketKeyFileFault) -> TicketKey {
        let size = (bytes.count - TicketKeyName.byteCount) / 2
        let parts = [0..<16, 16..<16 + size, 16 + size..<16 + 2 * size].map {
            UnsafeRawBufferPointer(rebasing: bytes[$0])
        }
        for part in parts where part.allSatisfy({ $0 == part[0] }) { throw .notRandom(line: line) }
        let (first, second) = (Secret(copying: parts[1]), Secret(copying: parts[2]))
        guard let name = TicketKeyName(parts[0]),
            let key = TicketKey(name: name, aes: hmacFirst ? second : first, hmac: hmacFirst ? first : second)
        else { throw .wrongSize(bytes: bytes.count) }
        return key
    }
}
