internal import RepriseVocabulary

/// Checks the parts of a file against each other: duplicate names, routes that lead nowhere, addresses that overlap.
struct CrossReferenceCheck {
    /// How many names a message lists.
    private static let maximumListed = 10

    private(set) var faults: [Fault] = []
    private(set) var warnings: [Fault] = []

    init() {}

    mutating func check(_ root: Reader) {
        let listeners = root["listeners"]
        let upstreams = root["upstreams"]
        checkUnique(listeners?.elements ?? [], "listener")
        checkUnique(upstreams?.elements ?? [], "upstream group")
        // If a part has a fault itself, we do not know what is in it.
        if let listeners, let upstreams, !listeners.isDamaged, !upstreams.isDamaged {
            checkRoutes(listeners.elements, upstreams.elements)
        }
        checkAddresses((listeners?.elements ?? []).flatMap { $0["bind"]?.elements ?? [] }, root["admin"]?["bind"])
    }

    private mutating func checkUnique(_ readers: [Reader], _ what: String) {
        var places: [String: Source] = [:]
        for reader in readers {
            guard let value = reader["name"], let name = value.text else { continue }
            if let other = places[name] {
                faults.append(value.fault("the name \"\(name)\" is taken by the \(what) at line \(other.line)"))
            } else {
                places[name] = value.source
            }
        }
    }

    private mutating func checkRoutes(_ listeners: [Reader], _ upstreams: [Reader]) {
        let groups = upstreams.compactMap { $0["name"]?.text }
        let routes = listeners.map { $0["router"]?.text }
        // A group whose name cannot be read may be the one that the route means.
        if groups.count == upstreams.count {
            for router in listeners.compactMap({ $0["router"] }) {
                guard let name = router.text, !groups.contains(name) else { continue }
                let guess = Suggestion.clause(for: name, among: groups)
                let known = guess.isEmpty ? Self.known(groups) : guess
                faults.append(router.fault("no upstream group has the name \"\(name)\"\(known)"))
            }
        }
        // A route that leads nowhere was meant for one of the groups.
        let used = Set(routes.compactMap { $0 })
        guard routes.count == listeners.count, !routes.contains(nil), used.isSubset(of: groups) else { return }
        for name in upstreams.compactMap({ $0["name"] }) {
            guard let text = name.text, !used.contains(text) else { continue }
            warnings.append(name.fault("no listener routes to the upstream group \"\(text)\""))
        }
    }

    private static func known(_ groups: [String]) -> String {
        guard !groups.isEmpty else { return "" }
        let rest = groups.count - maximumListed
        let more = rest > 0 ? " and \(rest) more" : ""
        return "; known are \(groups.prefix(maximumListed).joined(separator: ", "))\(more)"
    }
}

extension CrossReferenceCheck {
    /// The sockets of one family and port.
    private struct Door: Hashable {
        let isIPv6: Bool
        let port: UInt16
    }

    private mutating func checkAddresses(_ binds: [Reader], _ admin: Reader?) {
        var places: [Endpoint: Source] = [:]
        var doors: [Door: [(endpoint: Endpoint, isEvery: Bool, line: Int)]] = [:]
        for bind in binds + [admin].compactMap({ $0 }) {
            guard let endpoint = bind.endpoint else { continue }
            if case .ip(_, port: 0) = endpoint { continue }
            if let other = places[endpoint] {
                faults.append(bind.fault("\(endpoint) is bound at line \(other.line) already"))
                continue
            }
            places[endpoint] = bind.source
            guard case .ip(let address, let port) = endpoint else { continue }
            let door = Door(isIPv6: address.isIPv6, port: port)
            let others = doors[door, default: []]
            if let other = address.isEvery ? others.first : others.first(where: \.isEvery) {
                faults.append(bind.fault("\(endpoint) overlaps \(other.endpoint) at line \(other.line)"))
            }
            doors[door] = others + [(endpoint, address.isEvery, bind.source.line)]
        }
    }
}

extension IPAddress {
    /// `0.0.0.0` or `::`: every address of the machine.
    fileprivate var isEvery: Bool { high == 0 && low == 0 }
}
