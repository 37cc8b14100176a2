package import RepriseVocabulary

/// A checked configuration: everything is there and valid.
package struct Plan: Sendable, Hashable {
    package var workers = WorkerCount.auto
    package var log = LogPlan()
    package var drainTimeout = Duration.seconds(30)
    package var watch = FileWatching.on
    /// Whether a server's name that does not resolve is a fault.
    package var requiresDNS = false
    package var listeners: [ListenerPlan] = []
    package var routers: [RouterPlan] = []
    package var upstreams: [UpstreamPlan] = []
    package var upstreamSessions = UpstreamSessionsPlan()
    package var admin: AdminPlan?

    package init() {}
}

/// Whether certificates, keys, authorities and revocation lists are read again when their files change.
package enum FileWatching: String, Sendable, CaseIterable { case on, off }

/// How many event loops serve.
package enum WorkerCount: Sendable, Hashable, CustomStringConvertible {
    /// One for each processor.
    case auto
    case count(Int)

    package var description: String {
        switch self {
        case .auto: "auto"
        case .count(let count): "\(count)"
        }
    }
}

/// The log.
package struct LogPlan: Sendable, Hashable {
    /// The lowest level that is written.
    package enum Level: String, Sendable, CaseIterable { case trace, debug, info, notice, warning, error, critical }

    /// Whether a client that connects and leaves without a byte leaves a line.
    package enum Probes: String, Sendable, CaseIterable { case on, off }

    package var format = LogFormat.text
    package var level = Level.info
    package var probes = Probes.on
    /// `nil`: standard error, in the journal's form where the journal is behind it.
    package var output: Located<LogTarget>?
}

/// Where the log goes.
package enum LogTarget: Sendable, Hashable {
    case standardError, journal, syslog
    /// A file that lines are appended to: absolute, or relative to the working directory.
    case file(String)

    /// The words that stand for an output; everything else is a path.
    static let words = ["stderr", "journal", "syslog"]

    init(word: String, orPath path: String) {
        switch word {
        case "stderr": self = .standardError
        case "journal": self = .journal
        case "syslog": self = .syslog
        default: self = .file(path)
        }
    }
}

extension LogTarget: CustomStringConvertible {
    package var description: String {
        switch self {
        case .standardError: "stderr"
        case .journal: "journal"
        case .syslog: "syslog"
        case .file(let path): path
        }
    }
}

/// The administrative endpoint.
package struct AdminPlan: Sendable, Hashable {
    package var bind = Located(Endpoint.unix(path: ""), .nowhere)
    /// How many connections it has at most. Scrapes and health checks come singly; a flood of others must leave
    /// descriptors for clients.
    package var connections = 64
    /// The names that it answers to; `*` is any.
    package var hosts: [String] = []
}

/// A group of servers.
package struct UpstreamPlan: Sendable, Hashable {
    package var name = ""
    package var affinity = Affinity.none
    package var affinityBound = LoadBound.unlimited
    package var balance = BalancePolicy.roundRobin
    package var hashKey = HashKey.client
    package var hashBound = LoadBound.share(1.25)
    package var sendProxy = ProxyProtocolVersion.off
    /// What a header of version 2 says.
    package var proxyTLVs: [ProxyContent] = []
    package var ejection = EjectionRule()
    package var health: HealthPlan?
    package var slowStart = Duration.zero
    package var queue = QueueRule()
    package var retries = RetryRule()
    package var farewell = UnreachableFarewell.reset
    package var servers: [ServerPlan] = []
    package var tcp = UpstreamTCPPlan()
    /// `nil` for plaintext.
    package var tls: UpstreamTLSPlan?
}

/// One server of a group.
package struct ServerPlan: Sendable, Hashable {
    /// Its id where the file gives one.
    var ownID: String?
    package var address = ServerAddress.endpoint(.unix(path: ""))
    package var weight = 1
    /// `nil`: as its group.
    package var sendProxy: ProxyProtocolVersion?
    package var isBackup = false
    /// 0 for any number.
    package var maximumConnections = 0
    package var isChecked = true
    /// `nil`: as its group.
    package var tls: UpstreamTLSPlan?
    var place = Place()

    package var id: String { ownID ?? address.description }
    package var source: Source { place.source ?? .nowhere }
}

/// A server's address: known already, or a name to resolve.
package enum ServerAddress: Sendable, Hashable, CustomStringConvertible {
    case endpoint(Endpoint)
    case name(DNSName)

    /// Reads an endpoint (its port is not 0), a name with a port or a service; `nil` for anything else.
    package init?(parsing text: String) {
        if let endpoint = Endpoint(parsing: text) {
            if case .ip(_, port: 0) = endpoint { return nil }
            self = .endpoint(endpoint)
        } else if let host = HostEndpoint(parsing: text), host.port != 0 {
            self = .name(.host(host))
        } else if let service = ServiceName(parsing: text) {
            self = .name(.service(service))
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .endpoint(let endpoint): endpoint.description
        case .name(let name): name.description
        }
    }
}
