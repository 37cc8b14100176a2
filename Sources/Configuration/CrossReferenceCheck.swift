internal import RepriseVocabulary

/// Checks the parts of a file against each other: duplicate names, addresses that overlap.
struct CrossReferenceCheck {
    private(set) var faults: [Fault] = []

    init() {}

    mutating func check(_ root: Reader) {
        let listeners = root["listeners"]
        let upstreams = root["upstreams"]
        checkUnique(listeners?.elements ?? [], "listener")
        checkUnique(upstreams?.elements ?? [], "upstream group")
        var binds: [Bind] = (listeners?.elements ?? []).flatMap { listener in
            let takesIPv6Alone = listener["tcp"]?["v6only"]?.boolean ?? true
            return (listener["bind"]?.elements ?? []).map { ($0, takesIPv6Alone) }
        }
        if let admin = root["admin"]?["bind"] { binds.append((admin, true)) }
        checkAddresses(binds)
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
}

extension CrossReferenceCheck {
    /// The sockets of one family and port.
    private struct Door: Hashable {
        let isIPv6: Bool
        let port: UInt16
    }

    private typealias Bind = (address: Reader, takesIPv6Alone: Bool)

    private mutating func checkAddresses(_ binds: [Bind]) {
        var places: [Endpoint: Source] = [:]
        var doors: [Door: [(endpoint: Endpoint, isEvery: Bool, line: Int)]] = [:]
        for (bind, takesIPv6Alone) in binds {
            guard let endpoint = bind.endpoint else { continue }
            if case .ip(_, port: 0) = endpoint { continue }
            if let other = places[endpoint] {
                faults.append(bind.fault("\(endpoint) is bound at line \(other.line) already"))
                continue
            }
            places[endpoint] = bind.source
            guard case .ip(let address, let port) = endpoint else { continue }
            let takesBoth = address.isIPv6 && address.isEvery && !takesIPv6Alone
            let families = takesBoth ? [true, false] : [address.isIPv6]
            let passed = families.map { Door(isIPv6: $0, port: port) }
            let others = passed.flatMap { doors[$0, default: []] }
            if let other = address.isEvery ? others.first : others.first(where: \.isEvery) {
                faults.append(bind.fault("\(endpoint) overlaps \(other.endpoint) at line \(other.line)"))
            }
            for door in passed { doors[door, default: []].append((endpoint, address.isEvery, bind.source.line)) }
        }
    }
}

extension IPAddress {
    /// `0.0.0.0` or `::`: every address of the machine.
    fileprivate var isEvery: Bool { high == 0 && low == 0 }
}
