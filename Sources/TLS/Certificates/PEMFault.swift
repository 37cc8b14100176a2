/// Why a file is not the PEM file it should be. Never holds what is in a block.
package enum PEMFault: Error, Sendable, Hashable {
    /// A line that looks like a block's beginning, but is none.
    case misshapen(line: Int, Mistake)
    /// A block without its end.
    case unended(label: String, line: Int)
    /// An end without a block.
    case endAlone(line: Int)
    /// A block that does not belong there.
    case stranger(label: String, line: Int, wanted: Wanted)
    /// A key behind another one, of which libcrypto would take the first.
    case secondKey(line: Int)
    /// A block that libcrypto skips.
    case unread(line: Int)
    /// Bytes that are no text, outside of the blocks.
    case binary(line: Int)
    /// A line of a block's inside, outside of the blocks.
    case headless(line: Int)
    /// The whole file is something else.
    case format(FileFormat)

    /// How a beginning can be wrong.
    package enum Mistake: String, Sendable, Hashable {
        case indented = "it is indented"
        case quoted = "it stands in quotes"
        case goesOn = "it goes on behind its last dash: the block was put on one line"
        case writtenLineEnds =
            "it holds \\n in two characters where a line should end ('printf %b' writes them as line ends)"
        case byteOrderMark =
            #"a byte order mark stands before it ('sed "s/^\xEF\xBB\xBF//" FILE' prints the file without it)"#
        case textBefore = "something stands before it in its line"
        case otherDashes =
            "its dashes are not five times '-' on each side, or no label of capital letters stands one space behind BEGIN"
        case noDashes = "it has no dashes"
        case joined = "the block before it ends in the same line: a line end was lost when files were put together"
    }

    /// What a file is for.
    package enum Wanted: String, Sendable, Hashable {
        case chain = "chain"
        case authorities = "file of authorities"
        case revocations = "file of revocation lists"
        case key = "key's file"

        /// How the blocks are labelled that it is for.
        var label: String {
            switch self {
            case .chain, .authorities: "CERTIFICATE"
            case .revocations: "X509 CRL"
            case .key: "PRIVATE KEY"
            }
        }
    }
}

extension PEMFault: CustomStringConvertible {
    package var description: String {
        switch self {
        case .misshapen(let line, let mistake):
            "line \(line) looks like the beginning of a block, and is none: \(mistake.rawValue); a block begins with a line "
                + "of its own such as '-----BEGIN CERTIFICATE-----'"
        case .unended(let label, let line):
            "the block '\(label)' that begins in line \(line) does not end: expected a line '-----END \(label)-----' behind it"
        case .endAlone(let line):
            "line \(line) ends a block that has no beginning: a line '-----BEGIN …-----' is missing"
        case .stranger(let label, let line, let wanted):
            "line \(line): a block '\(label)' does not belong in a \(wanted.rawValue)"
                + (FileFormat(label: label).map { ", where '\(wanted.label)' was expected: it is \($0)" }
                    ?? ", where '\(wanted.label)' was expected")
        case .secondKey(let line):
            "line \(line): a second private key begins there: a file has one, so that it is certain which one serves"
        case .unread(let line): "line \(line): the block that begins there cannot be read"
        case .binary(let line):
            "line \(line) holds bytes that are no text, such as DER or UTF-16: each part of the file must be PEM"
        case .headless(let line):
            "line \(line) looks like the inside of a block, and stands in none: its line '-----BEGIN …-----' is missing"
        case .format(let format): "the file is \(format)"
        }
    }
}
