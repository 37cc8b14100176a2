/// How a PEM file is written (RFC 7468 §2): where its blocks begin, without what is in them.
///
/// libcrypto skips every line that is no beginning for it, so that an indented or quoted block would be missing without
/// a word. Here each line that looks like a beginning is one, or a fault; and what lies outside of blocks must be text.
struct PEMForm {
    /// One block, with the number of its first line, from 1.
    struct Block: Hashable {
        let label: String
        let line: Int
    }

    private(set) var blocks: [Block] = []

    init(_ bytes: UnsafeRawBufferPointer) throws(PEMFault) {
        var open: Block?
        var number = 0
        var orphan: PEMFault?
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            number += 1
            let text = PEMLine(line)
            if let label = text.label(after: PEMLine.begin) {
                if let open { throw .unended(label: open.label, line: open.line) }
                open = Block(label: label, line: number)
            } else if let label = text.label(after: PEMLine.end) {
                guard let begun = open else { throw orphan ?? .endAlone(line: number) }
                guard begun.label == label else { throw .unended(label: begun.label, line: begun.line) }
                blocks.append(begun)
                open = nil
            } else if let mistake = text.mistake {
                if let open, mistake != .joined { throw .unended(label: open.label, line: open.line) }
                throw .misshapen(line: number, mistake)
            } else if open == nil, orphan == nil {
                orphan = text.isBinary ? .binary(line: number) : text.isBody ? .headless(line: number) : nil
            }
        }
        if let open { throw .unended(label: open.label, line: open.line) }
        // A file without any block may be another format, which has a better name.
        if let orphan, !blocks.isEmpty { throw orphan }
    }

    /// Of bytes in an array.
    static func of(_ bytes: [UInt8]) throws(PEMFault) -> PEMForm {
        let result: Result<PEMForm, PEMFault> = bytes.withUnsafeBytes { bytes in
            do throws(PEMFault) {
                return .success(try PEMForm(bytes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    var labels: [String] { blocks.map(\.label) }

    /// The first block that is not of those labels.
    func stranger(but allowed: (String) -> Bool, in wanted: PEMFault.Wanted) -> PEMFault? {
        blocks.first { !allowed($0.label) }.map { .stranger(label: $0.label, line: $0.line, wanted: wanted) }
    }
}

/// One line of a PEM file.
private struct PEMLine {
    static let begin = Array("-----BEGIN ".utf8)
    static let end = Array("-----END ".utf8)
    private static let dashes = Array("-----".utf8)

    private let bytes: Slice<UnsafeRawBufferPointer>

    /// Blanks at the end do not count (RFC 7468 §2).
    init(_ line: Slice<UnsafeRawBufferPointer>) {
        var line = line
        while let last = line.last, last <= 0x20 { line = line.dropLast() }
        bytes = line
    }

    /// The label of an encapsulation boundary; `nil` for any other line.
    func label(after start: [UInt8]) -> String? {
        guard bytes.starts(with: start), bytes.count > start.count + Self.dashes.count,
            bytes.suffix(Self.dashes.count).elementsEqual(Self.dashes)
        else { return nil }
        let label = bytes.dropFirst(start.count).dropLast(Self.dashes.count)
        // A line with anything else is a whole block in one line, and may be a key.
        guard label.count <= Self.maximumLabel, label.allSatisfy(Self.isLabelLetter), label.first != 0x20 else {
            return nil
        }
        return String(decoding: label, as: UTF8.self)
    }

    /// The longest labels in use have 28 letters.
    private static let maximumLabel = 40

    private static func isLabelLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x20, UInt8(ascii: "#"), UInt8(ascii: "."): true
        default: false
        }
    }

    /// Whether it holds bytes that are in no text: DER, UTF-16, something compressed.
    var isBinary: Bool { bytes.contains { $0 < 0x20 && !(0x09...0x0D).contains($0) || $0 == 0x7F } }

    /// Whether it looks like a line of a block's inside: base64, and long. Digests in hexadecimal do not.
    var isBody: Bool {
        guard bytes.count >= Self.bodyLength else { return false }
        let letters = bytes.prefix { Self.isBase64($0) }
        guard bytes.dropFirst(letters.count).allSatisfy({ $0 == UInt8(ascii: "=") }) else { return false }
        return letters.contains { (0x47...0x5A).contains($0) } && letters.contains { (0x67...0x7A).contains($0) }
    }

    private static let bodyLength = 48

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "+"), UInt8(ascii: "/"): true
        default: false
        }
    }

    /// What is wrong with a line that was meant as a beginning; `nil` for any other line.
    var mistake: PEMFault.Mistake? {
        guard let hasDashes = saysBegin else { return nil }
        if let right = bytes.firstRange(of: Self.begin) {
            let before = bytes[..<right.lowerBound]
            let rest = bytes[right.upperBound...]
            if rest.firstRange(of: Array("\\n".utf8)) != nil { return .writtenLineEnds }
            if before.isEmpty {
                guard let closing = rest.firstRange(of: Self.dashes), closing.upperBound < rest.endIndex else {
                    return .otherDashes
                }
                return .goesOn
            }
            if before.elementsEqual([0xEF, 0xBB, 0xBF]) { return .byteOrderMark }
            if before.starts(with: Self.end) { return .joined }
            if before.allSatisfy(Self.isBlank) { return .indented }
            if before.allSatisfy({ $0 == UInt8(ascii: "-") }) { return .otherDashes }
            if before.allSatisfy({ Self.isBlank($0) || Self.quotes.contains($0) }) { return .quoted }
            return .textBefore
        }
        return hasDashes ? .otherDashes : .noDashes
    }

    private static let quotes = Array("\"'`".utf8)

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    /// Whether the line says BEGIN in the way of a boundary, with dashes before it or without; `nil` when it does not.
    private var saysBegin: Bool? {
        var rest = bytes
        while let found = rest.firstRange(ofWord: "begin") {
            let before = bytes[..<found.lowerBound]
            let dashes = Self.dashesAtEnd(of: before)
            let hasLabel = Self.isLabel(bytes[found.upperBound...])
            if dashes >= 4 || dashes >= 1 && hasLabel { return true }
            if hasLabel, before.allSatisfy({ Self.isBlank($0) || Self.quotes.contains($0) || $0 == UInt8(ascii: "#") })
            {
                return false
            }
            rest = rest[found.upperBound...]
        }
        return nil
    }

    /// How many dashes of any kind stand at the end; blanks between them do not count.
    private static func dashesAtEnd(of bytes: Slice<UnsafeRawBufferPointer>) -> Int {
        var (rest, count) = (bytes, 0)
        while let last = rest.last {
            if isBlank(last) {
                rest = rest.dropLast()
            } else if let dash = dashForms.first(where: { rest.suffix($0.count).elementsEqual($0) }) {
                rest = rest.dropLast(dash.count)
                count += 1
            } else {
                break
            }
        }
        return count
    }

    /// What word processors and mail programs make of `-`, in UTF-8 and in Windows' code page 1252.
    private static let dashForms: [[UInt8]] =
        [
            "-", "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}", "\u{2014}", "\u{2015}", "\u{2212}", "\u{2500}",
            "\u{FE58}",
        ]
        .map { Array($0.utf8) }
        + ["\u{FE63}", "\u{FF0D}", "\u{AD}", "_", "~", "=", "*"].map { Array($0.utf8) } + [[0x96], [0x97]]

    /// Whether a label of TLS's files follows, and nothing behind it but dashes, quotes and what was put on the same
    /// line.
    private static func isLabel(_ bytes: Slice<UnsafeRawBufferPointer>) -> Bool {
        guard let first = bytes.first, isBlank(first) else { return false }
        let words = bytes.drop(while: isBlank).prefix {
            isBlank($0) || (0x30...0x39).contains($0) || ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A
        }
        let text = String(
            decoding: words.prefix(Self.maximumLabel).map { $0 & 0xDF | ($0 < 0x40 ? 0x20 : 0) }, as: UTF8.self)
        let label = text.split(separator: " ").joined(separator: " ")
        return labels.contains(label)
    }

    private static let labels: Set<String> = [
        "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE", "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST",
        "X509 CRL",
        "CRL", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY",
        "OPENSSH PRIVATE KEY", "PUBLIC KEY", "RSA PUBLIC KEY", "PKCS7", "CMS",
    ]
}

extension Slice<UnsafeRawBufferPointer> {
    /// Where an ASCII word of small letters stands, in letters of either size.
    fileprivate func firstRange(ofWord word: String) -> Range<Int>? {
        let letters = Array(word.utf8)
        guard count >= letters.count else { return nil }
        for start in startIndex...(endIndex - letters.count)
        where letters.indices.allSatisfy({ self[start + $0] | 0x20 == letters[$0] }) {
            return start..<(start + letters.count)
        }
        return nil
    }
}
