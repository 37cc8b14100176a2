internal import RepriseVocabulary
internal import Yams

/// One value of the tree with its place. Reading is lenient: a value that has a fault already reads as `nil`.
struct Reader {
    let node: Node
    let path: String
    let file: String
    /// The paths of the values that have a fault already.
    let damaged: Set<String>
    /// What relative paths are relative to.
    let directory: String

    var source: Source {
        Source(file: file, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1, path: path)
    }

    /// The value of a key; `nil` when there is none.
    subscript(key: String) -> Reader? {
        guard let mapping = node.mapping, let value = mapping.first(where: { $0.key.scalar?.string == key })?.value
        else { return nil }
        return Reader(node: value, path: path.option(key), file: file, damaged: damaged, directory: directory)
    }

    /// The entries of a list.
    var elements: [Reader] {
        guard let sequence = node.sequence else { return [] }
        return sequence.enumerated().map {
            Reader(node: $1, path: "\(path)[\($0)]", file: file, damaged: damaged, directory: directory)
        }
    }

    /// The keys of a mapping that the user chooses, with their values.
    var entries: [(key: String, value: Reader)] {
        (node.mapping ?? [:]).compactMap { key, value in
            key.scalar.map {
                (
                    $0.string,
                    Reader(
                        node: value, path: path.option($0.string), file: file, damaged: damaged, directory: directory)
                )
            }
        }
    }

    var boolean: Bool? { text.flatMap { Shape.Scalar.boolean($0) } }
    var isMapping: Bool { node.mapping != nil }
    var isEmptyMapping: Bool { node.mapping?.isEmpty ?? false }
    var isDamaged: Bool { damaged.contains(path) }
    var text: String? { isDamaged || node.isNull ? nil : node.scalar?.string }
    var located: Located<String>? { text.map { Located($0, source) } }
    var duration: Duration? { text.flatMap { Duration(parsing: $0) } }
    var size: ByteCount? { text.flatMap { ByteCount(parsing: $0) } }
    var integer: Int? { text.flatMap { Shape.Scalar.integer($0) } }
    var rate: Int? { text.flatMap { Shape.Scalar.rate($0) } }
    var endpoint: Endpoint? { text.flatMap { Endpoint(parsing: $0) } }

    /// The file that it names.
    var reference: FileReference? {
        guard let text, !text.isEmpty else { return nil }
        let path = text.hasPrefix("/") || directory == "." ? text : "\(directory)/\(text)"
        return FileReference(path: path, source: source)
    }

    func fault(_ message: String) -> Fault { Fault(source: source, message: message) }
}

/// Reads the plan out of a tree by its options (``Draft``), and checks what a single value does not show.
struct PlanReader {
    private(set) var plan = Plan()
    private(set) var faults: [Fault] = []
    private(set) var warnings: [Fault] = []
    private let pluggedRouters: Set<String>

    /// - Parameter pluggedRouters: the names of the routers that the program brings.
    init(pluggedRouters: Set<String>) {
        self.pluggedRouters = pluggedRouters
    }

    mutating func read(_ root: Reader) {
        var draft = Draft()
        draft.read(root)
        plan = draft.plan
        plan.upstreamSessions = draft.defaults.upstream
        plan.upstreamSessions.maximumChainAge = draft.sessions.maximumChainAge
        for index in plan.listeners.indices where plan.listeners[index].sessions.domain.isEmpty {
            plan.listeners[index].sessions.domain = plan.listeners[index].name
        }
        var names = NamesCheck()
        names.check(root)
        var references = CrossReferenceCheck()
        references.check(root)
        var routers = RoutersCheck(plugged: pluggedRouters)
        routers.check(root)
        var shared = SharedUpstreamCheck()
        shared.check(plan)
        var balance = BalanceCheck()
        balance.check(root)
        var sources = SourceCheck()
        sources.check(plan)
        var sessions = SessionsCheck()
        sessions.check(root, plan)
        var proxies = ProxyProtocolCheck()
        proxies.check(root, plan)
        var health = HealthPlanCheck()
        health.check(root)
        var encryption = UpstreamTLSCheck()
        encryption.check(plan)
        faults =
            names.faults + references.faults + routers.faults + sessions.faults + proxies.faults + health.faults
            + encryption.faults
        warnings =
            names.warnings + routers.warnings + shared.warnings + balance.warnings + sources.warnings
            + proxies.warnings + health.warnings + encryption.warnings
    }
}
