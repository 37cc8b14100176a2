internal import RepriseVocabulary

/// Checks where connections are sent: names that nobody has, routes in a circle, keys that fit nothing.
struct RoutersCheck {
    /// How many names a message lists.
    private static let maximumListed = 10

    /// The routers that the program brings.
    private let plugged: Set<String>
    private(set) var faults: [Fault] = []
    private(set) var warnings: [Fault] = []

    init(plugged: Set<String>) {
        self.plugged = plugged
    }

    mutating func check(_ root: Reader) {
        let (listeners, upstreams) = (root["listeners"], root["upstreams"])
        let routers = root["routers"]?.elements ?? []
        let groups = (upstreams?.elements ?? []).compactMap { $0["name"] }
        checkNames(routers, groups)
        for router in routers { checkRoutes(router) }
        // If a part has a fault itself, we do not know what is in it.
        guard let listeners, let upstreams, !listeners.isDamaged, !upstreams.isDamaged,
            groups.count == upstreams.elements.count, groups.allSatisfy({ $0.text != nil }),
            !(root["routers"]?.isDamaged ?? false), routers.allSatisfy({ $0["name"]?.text != nil })
        else { return }
        let hosts = listeners.elements.flatMap { $0["tls"]?["hosts"]?.elements ?? [] }
        let starts = listeners.elements.map { $0["router"] } + hosts.compactMap { $0["router"] }
        let known = groups.compactMap(\.text) + routers.compactMap { $0["name"]?.text } + plugged.sorted()
        let targets = routers.flatMap { Self.routes(of: $0).map(\.value) }
        for target in starts.compactMap(\.self) + targets { checkTarget(target, known) }
        checkCircles(routers)
        guard starts.allSatisfy({ $0?.text != nil }) else { return }
        checkUse(routers, groups, starts.compactMap { $0?.text }, known)
    }

    private mutating func checkNames(_ routers: [Reader], _ groups: [Reader]) {
        var places: [String: (what: String, line: Int)] = [:]
        for group in groups {
            guard let name = group.text else { continue }
            places[name] = ("upstream group", group.source.line)
            if plugged.contains(name) { faults.append(group.fault("a router of the program has the name \"\(name)\"")) }
        }
        for router in routers {
            guard let value = router["name"], let name = value.text else { continue }
            if plugged.contains(name) {
                faults.append(value.fault("a router of the program has the name \"\(name)\""))
            } else if let other = places[name] {
                faults.append(value.fault("the name \"\(name)\" is taken by the \(other.what) at line \(other.line)"))
            }
            places[name] = ("router", value.source.line)
        }
    }

    private static func routes(of router: Reader) -> [(field: RouterPlan.Field, key: String, value: Reader)] {
        RouterPlan.Field.allCases.flatMap { field in
            // Where the route leads may stand in a mapping.
            (router[field.rawValue]?.entries ?? []).map { (field, $0.key, $0.value["to"] ?? $0.value) }
        }
    }

    private mutating func checkRoutes(_ router: Reader) {
        guard router.isMapping else { return }
        let fields = RouterPlan.Field.allCases.filter { router[$0.rawValue] != nil }
        if router["library"] != nil, fields.isEmpty { return }
        if router["library"] == nil, let argument = router["argument"] {
            warnings.append(argument.fault("has no effect without library"))
        }
        guard router["library"] == nil, fields.count == 1, let field = fields.first else {
            let words = (RouterPlan.Field.allCases.map(\.rawValue) + ["library"]).joined(separator: ", ")
            faults.append(
                router.fault("a router has one of \(words), found \(fields.isEmpty ? "none" : "several")"))
            return
        }
        if router[field.rawValue]?.entries.isEmpty == true {
            faults.append(router.fault("expected at least one route by \(field.rawValue), found none"))
            return
        }
        var seen: [String: Int] = [:]
        for (_, key, value) in Self.routes(of: router) where key != RouterPlan.fallback {
            guard let form = Self.form(of: key, field) else {
                faults.append(value.fault("\"\(key.shortened)\" is no \(Self.expectation(field))"))
                continue
            }
            if let line = seen[form] { faults.append(value.fault("\"\(key.shortened)\" has a route at line \(line)")) }
            seen[form] = value.source.line
        }
        if router[field.rawValue]?.entries.contains(where: { $0.key == RouterPlan.fallback }) == false {
            warnings.append(router.fault("has no route \"default\": what no other fits is refused"))
        }
    }

    /// The one way to write a key; `nil` for what is none.
    private static func form(of key: String, _ field: RouterPlan.Field) -> String? {
        switch field {
        case .sni: NamePattern(key)?.description
        case .alpn: Shape.Scalar.applicationProtocol.accepts(key) ? key : nil
        case .network: IPNetwork(parsing: key)?.description
        case .certificate: CertificateName(orAttribute: key)?.description
        }
    }

    private static func expectation(_ field: RouterPlan.Field) -> String {
        switch field {
        case .sni: "host name such as \"example.test\" or \"*.example.test\""
        case .alpn: "application protocol such as \"http/1.1\""
        case .certificate:
            "name of a certificate such as \"alice.test\", \"*.example.test\", \"alice@example.test\" or \"O=Acme\""
        case .network: "network such as \"10.0.0.0/8\", whose bits behind the prefix are 0"
        }
    }

    private mutating func checkTarget(_ target: Reader, _ known: [String]) {
        guard let name = target.text, !known.contains(name) else { return }
        let guess = Suggestion.clause(for: name, among: known)
        faults.append(
            target.fault(
                "no upstream group or router has the name \"\(name)\"\(guess.isEmpty ? Self.list(known) : guess)"))
    }

    private static func list(_ names: [String]) -> String {
        guard !names.isEmpty else { return "" }
        let rest = names.count - maximumListed
        let more = rest > 0 ? " and \(rest) more" : ""
        return "; known are \(names.prefix(maximumListed).joined(separator: ", "))\(more)"
    }

    private mutating func checkCircles(_ routers: [Reader]) {
        let next = Self.next(routers)
        for router in routers {
            guard let value = router["name"], let name = value.text,
                Self.reach([name], next, counting: false).contains(name)
            else { continue }
            faults.append(value.fault("the router \"\(name)\" leads back to itself"))
        }
    }

    /// Where each router leads to.
    private static func next(_ routers: [Reader]) -> [String: [String]] {
        Dictionary(
            routers.compactMap { router in
                router["name"]?.text.map { ($0, routes(of: router).compactMap(\.value.text)) }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// All that can be reached.
    ///
    /// - Parameter counting: whether the starts count as reached.
    private static func reach(_ starts: [String], _ next: [String: [String]], counting: Bool = true) -> Set<String> {
        var found = Set(counting ? starts : [])
        var open = starts
        while let name = open.popLast() {
            for target in next[name] ?? [] where found.insert(target).inserted { open.append(target) }
        }
        return found
    }

    private mutating func checkUse(_ routers: [Reader], _ groups: [Reader], _ starts: [String], _ known: [String]) {
        let reached = Self.reach(starts, Self.next(routers))
        // A route that leads nowhere was meant for one of them, and a program's router may lead anywhere.
        let libraries = Set(routers.filter { $0["library"] != nil }.compactMap { $0["name"]?.text })
        guard reached.isSubset(of: known), reached.isDisjoint(with: plugged.union(libraries)) else { return }
        for (values, what) in [(groups, "upstream group"), (routers.compactMap { $0["name"] }, "router")] {
            for value in values {
                guard let name = value.text, !reached.contains(name) else { continue }
                warnings.append(value.fault("no listener routes to the \(what) \"\(name)\""))
            }
        }
    }
}
