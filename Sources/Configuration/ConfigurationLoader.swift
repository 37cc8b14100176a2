internal import Yams

/// What came of reading a configuration.
package struct LoadedConfiguration: Sendable {
    /// The plan, when there is no fault.
    package let plan: Plan?
    /// In the order of the file.
    package let faults: [Fault]
    package let warnings: [Fault]
    /// Every certificate block that could be read, also beside faults, so that its files can be checked in the same run.
    package let certificates: [CertificatePlan]
    /// Every listener's TLS block, likewise.
    package let tls: [TLSPlan]
}

/// Reads configurations: YAML to a tree, the tree against the shape, then to a plan. It opens no file.
package enum ConfigurationLoader {
    /// The largest configuration that is read.
    package static let maximumBytes = 16 << 20

    /// Reads a configuration and collects everything that is wrong with it.
    ///
    /// - Parameters:
    ///   - file: the file's name, for messages.
    ///   - directory: what relative paths in it are relative to.
    ///   - environment: what `${NAME}` reads.
    package static func load(
        bytes: [UInt8], file: String, directory: String, environment: [String: String]
    ) -> LoadedConfiguration {
        guard bytes.count <= maximumBytes else {
            return failed(file, "expected at most \(maximumBytes >> 20) MiB, found \(bytes.count) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return failed(file, "expected text in UTF-8")
        }
        return load(text: text, file: file, directory: directory, environment: environment)
    }

    private static func load(
        text: String, file: String, directory: String, environment: [String: String]
    ) -> LoadedConfiguration {
        let root: Node
        do {
            guard let composed = try compose(text) else {
                return failed(file, "expected a configuration, found an empty file")
            }
            root = composed
        } catch {
            return failed(YAMLFault.of(error, file: file))
        }
        var substitution = Substitution(file: file, environment: environment)
        let tree = substitution.apply(to: root)
        var check = ShapeCheck(file: file)
        check.check(tree)
        var reader = PlanReader(directory: directory)
        reader.read(Reader(node: tree, path: "", file: file))
        let faults = Set(substitution.faults + check.faults + reader.faults).sorted()
        return LoadedConfiguration(
            plan: faults.isEmpty ? reader.plan : nil, faults: faults,
            warnings: Set(check.warnings + reader.warnings).sorted(),
            certificates: reader.plan.listeners.flatMap { $0.tls.hosts.flatMap(\.certificates) },
            tls: reader.plan.listeners.map(\.tls))
    }

    /// The one document of the text; `nil` when there is none.
    private static func compose(_ text: String) throws -> Node? {
        let parser = try Parser(yaml: text)
        let root = try parser.singleRoot()
        guard let root, !root.isNull else { return nil }
        return root
    }

    private static func failed(_ file: String, _ message: String) -> LoadedConfiguration {
        failed(Fault(source: Source(file: file, line: 1, column: 1, path: ""), message: message))
    }

    private static func failed(_ fault: Fault) -> LoadedConfiguration {
        LoadedConfiguration(plan: nil, faults: [fault], warnings: [], certificates: [], tls: [])
    }
}

/// Yams' errors as faults with a place.
private enum YAMLFault {
    static func of(_ error: any Error, file: String) -> Fault {
        func fault(_ line: Int, _ column: Int, _ message: String) -> Fault {
            Fault(source: Source(file: file, line: max(1, line), column: max(1, column), path: ""), message: message)
        }
        guard let error = error as? YamlError else { return fault(1, 1, "not YAML: \(error)") }
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let where_ = context.map { " (\($0.text))" } ?? ""
            return fault(mark.line, mark.column, "not YAML: \(problem)\(where_)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            return fault(
                context.mark.line, context.mark.column,
                "a key stands twice in a mapping: \(duplicates.sorted().joined(separator: ", "))")
        case .reader(let problem, _, _, _):
            return fault(1, 1, "not YAML: \(problem)")
        default:
            return fault(1, 1, "not YAML: \(error)")
        }
    }
}
