internal import RepriseEventLoop
internal import RepriseTLS
internal import RepriseVocabulary

/// What the command line of `reprise load` says, each word read; what one word means beside another is decided here.
package struct LoadOptions: Sendable {
    package var target: LoadTarget
    /// Further machines of a cluster, as `host:port`.
    package var peers: [String] = []

    // What a connection does.
    package var handshake: Mix<HandshakeKind>?
    /// The share of connections that resume, where ``handshake`` is not given.
    package var resume: Double?
    package var choice = Mix<SessionChoice>(.newest)
    package var lifetime: Duration?
    package var tls = LoadTLSOptions()
    package var names: [String] = []
    package var nameChoice = NameChoice.uniform
    /// `v1`, `v2` or nothing.
    package var header: String?
    /// Addresses.
    package var sources: [String] = []
    package var requests: Int?
    package var fields: [String] = []
    package var pause = Duration.zero
    package var up: Int?
    package var down: Int?
    package var idle = Duration.zero
    package var close = Mix<CloseKind>(.notify)
    package var timeout: Duration?

    // How hard.
    package var connections: Int?
    package var rate: LoadRate?
    /// One after the other.
    package var ramps: [LoadRate] = []
    package var arrivals: LoadSchedule.Arrivals?
    package var search: LoadAssertion?
    package var step: Duration?
    package var duration: Duration?
    package var count: Int?
    package var threads = 1
    package var seed: UInt64 = 1
    package var events: [LoadScript.Event] = []
    package var assertions: [LoadAssertion] = []

    /// How many connections there are at once where nothing is said: in a closed loop, and in an open one.
    package static let closedConnections = 10
    package static let openConnections = 1000
    /// When a run ends of which nothing else is said; a search takes longer.
    package static let commonDuration = Duration.seconds(10)
    package static let searchDuration = Duration.seconds(180)
    package static let commonCount = 1_000_000
    /// The rate that a search begins with.
    package static let searchRate = 100.0

    /// Nothing but whom to test.
    package init(_ target: LoadTarget) {
        self.target = target
    }

    /// The names in a file, one in a line.
    package static func names(ofFile path: String) throws(LoadFault) -> [String] {
        do {
            return try LoadWords.names(String(decoding: try FileReader.read(path), as: UTF8.self))
        } catch {
            throw LoadFault(.system, "--sni-file \(path): \(error)")
        }
    }

    /// The run that they describe. It asks the system for addresses, and reads the files of certificates: it may block.
    package func plan() throws(LoadFault) -> LoadPlan {
        try checkWords()
        var errand = LoadErrand(to: try endpoint(of: target.host, target.port), names: names(asking: nil))
        for peer in peers { errand.servers.append(try endpoint(ofPeer: peer)) }
        if !self.names.isEmpty { errand.names = self.names.map { names(asking: $0) } }
        errand.task = try task()
        (errand.idle, errand.header) = (idle, try headerVersion())
        errand.sources = try sources.map { (text) throws(LoadFault) in
            guard let address = IPAddress(parsing: text) else {
                throw LoadFault(.words, "--source \(text): expected an address")
            }
            return address
        }
        for source in errand.sources {
            for server in errand.servers where server.address.map({ $0.isIPv6 != source.isIPv6 }) ?? true {
                throw LoadFault(.words, "--source \(source): no connection to \(server) can come from there")
            }
        }
        if let timeout {
            for part in [\LoadTimeouts.connect, \.handshake, \.answer, \.close] {
                errand.timeouts[keyPath: part] = timeout
            }
        }
        var plan = LoadPlan(errand, try tls.settings())
        plan.handshake = try handshakes()
        (plan.close, plan.choice, plan.names, plan.lifetime) = (close, choice, nameChoice, lifetime)
        plan.pace = pace
        let isOpen = plan.pace != .closed
        plan.clients = connections ?? (isOpen ? Self.openConnections : Self.closedConnections)
        plan.threads = threads
        plan.duration = duration ?? (search == nil ? Self.commonDuration : Self.searchDuration)
        plan.connections = count ?? (search == nil ? Self.commonCount : .max)
        plan.seed = seed
        return plan
    }

    /// What goes beside the plan.
    package func script() -> LoadScript {
        var script = LoadScript()
        (script.events, script.assertions, script.search) = (events, assertions, search)
        if let step { script.step = step }
        return script
    }

    // MARK: Parts

    private func checkWords() throws(LoadFault) {
        func fail(_ condition: Bool, _ message: String) throws(LoadFault) {
            if condition { throw LoadFault(.words, message) }
        }
        try fail(handshake != nil && resume != nil, "--handshake and --resume say the same: give one of them")
        try fail(rate != nil && !ramps.isEmpty, "--rate and --ramp say the same: give one of them")
        try fail(
            search != nil && !ramps.isEmpty, "--find-limit climbs by itself: give a --rate to begin with, or nothing")
        try fail(
            ramps.dropLast().contains { $0.ramp == .zero } || ramps.last?.ramp == .zero,
            "--ramp needs its time, as in '100..5000/s over 60s'; a rate that stays the same is a --rate")
        try fail(step != nil && search == nil, "--step is of --find-limit alone")
        try fail(arrivals != nil && pace == .closed, "--arrivals needs a --rate, a --ramp or --find-limit")
        let parts = choice.parts.map(\.kind)
        try fail(
            parts.contains(.otherName) && names.count < 2, "--session other-name needs at least two names (--sni)")
        try fail(parts.contains(.otherServer) && peers.isEmpty, "--session other-server needs a --peer")
    }

    private func handshakes() throws(LoadFault) -> Mix<HandshakeKind> {
        let version = try tls.version()
        if let handshake {
            for part in handshake.parts {
                let needs: TLSVersion? =
                    switch part.kind {
                    case .full: nil
                    case .id, .ticket: .tls1_2
                    case .psk: .tls1_3
                    }
                if let needs, let version, needs != version {
                    throw LoadFault(
                        .words, "--handshake \(part.kind.word) is of \(needs), and --tls allows \(version) alone")
                }
            }
            return handshake
        }
        guard let resume, resume > 0 else { return Mix(.full) }
        let kind: HandshakeKind = version == .tls1_2 ? .ticket : .psk
        return resume < 1 ? Mix([(.full, 1 - resume), (kind, resume)]) : Mix(kind)
    }

    private var pace: LoadPlan.Pace {
        if !ramps.isEmpty { return .open(LoadProfile(ramps), arrivals ?? .constant) }
        guard let rate = rate ?? (search == nil ? nil : LoadRate(Self.searchRate)) else { return .closed }
        return .open(LoadProfile(rate), arrivals ?? .constant)
    }

    private func task() throws(LoadFault) -> LoadTask {
        if up != nil || down != nil {
            guard target.path == nil, requests == nil else {
                throw LoadFault(.words, "--up and --down are plain bytes: they need a tls:// target, and no --requests")
            }
            return .transfer(up: up ?? 0, down: down ?? 0)
        }
        guard !fields.contains(where: { $0.lowercased().hasPrefix("host:") }) else {
            throw LoadFault(.words, "--header Host: the target says it, and --sni")
        }
        guard let path = target.path else {
            guard requests == nil else { throw LoadFault(.words, "--requests needs an https:// target") }
            return .nothing
        }
        let count = requests ?? 1
        return .requests(HTTPRequest(path: path, hosts: hosts, fields: fields), count: count, pause: pause)
    }

    /// What the Host field says (RFC 9112 §3.2), for each name: without the port that https has anyway.
    private var hosts: [String] {
        let target =
            switch self.target.host {
            case .name(let name): name.text
            case .address(let address): address.isIPv6 ? "[\(address)]" : "\(address)"
            }
        return (names.isEmpty ? [target] : names).map { self.target.port == 443 ? $0 : "\($0):\(self.target.port)" }
    }

    private func headerVersion() throws(LoadFault) -> ProxyProtocolVersion {
        guard let header else { return .off }
        guard let version = ProxyProtocolVersion.allCases.first(where: { $0 != .off && $0.word == header }) else {
            throw LoadFault(.words, "--proxy-protocol \(header): expected v1 or v2")
        }
        return version
    }

    private func names(asking name: String?) -> ClientConnection.ServerNames {
        if let name = name ?? target.serverName { return .init(asked: name) }
        // Addresses are not asked for, but certificates may be for one.
        guard case .address(let address) = target.host else { return .init(asked: nil) }
        return .init(asked: nil, verified: "\(address)")
    }

    private func endpoint(of host: LoadTarget.Host, _ port: UInt16) throws(LoadFault) -> Endpoint {
        switch host {
        case .address(let address): return .ip(address, port: port)
        case .name(let name):
            do throws(Resolver.ResolverError) {
                // At least one, the one that the system prefers first.
                return try Resolver.resolve(HostEndpoint(host: name, port: port))[0]
            } catch {
                throw LoadFault(.system, "\(error)")
            }
        }
    }

    private func endpoint(ofPeer text: String) throws(LoadFault) -> Endpoint {
        if let endpoint = Endpoint(parsing: text), endpoint.address != nil { return endpoint }
        guard let host = HostEndpoint(parsing: text) else {
            throw LoadFault(.words, "--peer \(text): expected host:port")
        }
        return try endpoint(of: .name(host.host), host.port)
    }
}

/// Why a run cannot begin, in words for whoever has asked for it.
package struct LoadFault: Error, Sendable, CustomStringConvertible {
    /// Whose fault it is.
    package enum Kind: Sendable, Hashable {
        /// The command line's.
        case words
        /// The system's: a file, a name, a port.
        case system
    }

    package let kind: Kind
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        (self.kind, self.description) = (kind, description)
    }
}
