package import RepriseVocabulary

/// A file of ticket keys in Reprise's own format: a list `keys`, each with a name, two secrets and its validity.
///
/// It is YAML of few forms, which we read byte by byte: a YAML library would leave copies of the secrets in the heap as
/// text.
package struct TicketKeyDocument: Sendable {
    /// One key, not yet checked.
    package struct Entry: Sendable {
        /// The line that it begins in, from 1.
        package let line: Int
        /// Base64, as are the secrets.
        package let name: Secret
        package let aes: Secret
        package let hmac: Secret
        /// RFC 3339.
        package let notBefore: String
        package let notAfter: String
    }

    /// What is wrong with the file's form, and in which line; it never quotes the line.
    package struct Fault: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    package let entries: [Entry]

    /// Whether a file looks like one of these rather than like another program's.
    package static func isOne(_ file: Secret) -> Bool {
        (0..<file.count).contains { file.has("keys:".utf8, at: $0) }
    }

    /// Reads the file's form.
    package init(reading file: Secret) throws(Fault) {
        var reader = TicketKeyReader(file)
        entries = try reader.document()
    }
}
