internal import RepriseEventLoop
internal import Yams

/// A load test by name: options of `reprise load` in a YAML file. Each key is an option without its dashes.
///
/// ```swift
/// for scenario in Scenario.all { try scenario.arguments(knowing: ["rate", "resume"]) }
/// ```
package struct Scenario: Sendable {
    /// What it is called, or the path of its file.
    package let name: String
    /// Its YAML.
    package let text: String

    /// How many words a command line may get of it.
    static let mostWords = 500
    /// The largest file that is read as one, in bytes.
    static let largest = 1 << 20

    /// One of ours by its name, or whatever a file holds.
    package init(_ name: String) throws(LoadFault) {
        if let known = Self.all.first(where: { $0.name == name }) {
            self = known
            return
        }
        guard name.contains("/") || name.hasSuffix(".yaml") else {
            let names = Self.all.map(\.name).joined(separator: ", ")
            throw LoadFault(
                .words, "--scenario \(name): there is none of that name (\(names)); a file needs a / or .yaml")
        }
        do throws(FileReader.ReadError) {
            let bytes = try FileReader.read(name)
            guard bytes.count <= Self.largest else { throw .init(description: "it is too large for a scenario") }
            (self.name, text) = (name, String(decoding: bytes, as: UTF8.self))
        } catch {
            throw LoadFault(.system, "--scenario \(name): \(error)")
        }
    }

    init(name: String, text: String) {
        (self.name, self.text) = (name, text)
    }

    /// What it is for: its first lines, which are comments.
    package var about: [String] {
        text.split(whereSeparator: \.isNewline).prefix { $0.hasPrefix("#") }.map { String($0.dropFirst(2)) }
    }

    /// The command line that it stands for.
    ///
    /// - Parameter options: those that there are.
    package func arguments(knowing options: Set<String>) throws(LoadFault) -> [String] {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw LoadFault(.words, "\(name):\(error)")
        }
        guard let root, let mapping = root.mapping else {
            throw fault(root?.mark, "expected options with their values")
        }
        var arguments: [String] = []
        var seen: Set<String> = []
        for (key, value) in mapping {
            guard let option = key.scalar?.string, options.contains(option) else {
                throw fault(key.mark, "there is no option \(key.scalar?.string.prefix(100) ?? "of that kind")")
            }
            guard seen.insert(option).inserted else { throw fault(key.mark, "\(option) comes twice") }
            guard arguments.count < Self.mostWords else {
                throw fault(key.mark, "more than a command line has room for")
            }
            let items = value.sequence.map { Array($0) } ?? [value]
            guard items.count <= Self.mostWords else {
                throw fault(value.mark, "more than a command line has room for")
            }
            for item in items {
                guard let word = item.scalar?.string else { throw fault(item.mark, "\(option): expected a word") }
                // A flag has no value on a command line.
                switch word {
                case "true": arguments.append("--\(option)")
                case "false": break
                default: arguments += ["--\(option)", word]
                }
            }
        }
        return arguments
    }

    private func fault(_ mark: Mark?, _ message: String) -> LoadFault {
        LoadFault(.words, mark.map { "\(name):\($0.line):\($0.column): \(message)" } ?? "\(name): \(message)")
    }
}
