package import Vocabulary
internal import Yams

/// A file of ticket keys in Reprise's own format, as text: YAML with a list `keys`, each with a name, two secrets and
/// the time it is good for.
package struct TicketKeyDocument: Sendable {
    /// One key, not yet checked.
    package struct Entry: Sendable {
        /// Base64, as are the secrets.
        package let name: String
        package let aes: String
        package let hmac: String
        /// RFC 3339.
        package let notBefore: String
        package let notAfter: String
    }

    /// What is wrong with the file's form; it never quotes a secret.
    package struct Fault: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    package let entries: [Entry]

    /// Whether a file looks like one of these rather than like another program's.
    package static func isOne(_ bytes: UnsafeRawBufferPointer) -> Bool {
        bytes.firstRange(of: Array("keys:".utf8)) != nil
    }

    /// Reads the file's form.
    package init(reading file: Secret) throws(Fault) {
        guard let text = file.withBytes({ String(validating: $0, as: UTF8.self) }) else {
            throw Fault(description: "it is not UTF-8")
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            // Yams' own words would quote the line.
            throw Fault(description: "it is not YAML")
        }
        guard let list = root?.mapping?["keys"]?.sequence, root?.mapping?.count == 1 else {
            throw Fault(description: "expected a mapping with the one key \"keys\", a list")
        }
        var entries: [Entry] = []
        for (index, node) in list.enumerated() {
            let wanted = ["name", "aes", "hmac", "not_before", "not_after"]
            let values = wanted.compactMap { node.mapping?[$0]?.scalar?.string }
            guard values.count == wanted.count, node.mapping?.count == wanted.count else {
                throw Fault(description: "key \(index + 1): expected exactly \(wanted.joined(separator: ", "))")
            }
            entries.append(
                Entry(name: values[0], aes: values[1], hmac: values[2], notBefore: values[3], notAfter: values[4]))
        }
        self.entries = entries
    }
}
