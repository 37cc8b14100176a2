internal import RepriseVocabulary

/// What a file is read into: the plan, and what each of its listeners begins with.
struct Draft: OptionGroup {
    var plan = Plan()
    var defaults = SessionDefaults()
    var sessions: SessionsPlan { defaults.listeners }

    static var options: [Option<Self>] {
        [
            .value(
                "workers", \.plan.workers, .workers(1...256),
                "How many event loops serve, each on a thread of its own; auto is one for each processor that the process may use. A change needs a restart."
            ),
            .group("log", \.plan.log, "The log."),
            .value(
                "drain_timeout", \.plan.drainTimeout, .duration(.zero ... .seconds(86_400)),
                "How long open connections may go on after SIGTERM; then the rest is closed with close_notify."),
            .value(
                "watch", \.plan.watch, .choice,
                "Whether certificates, keys, authorities and revocation lists are read again when their files change; otherwise a reload does. OCSP responses and ticket keys always are."
            ),
            .value(
                "require_dns", \.plan.requiresDNS, .boolean,
                "Whether the name of a server that does not resolve at the start or at a reload is a fault. Otherwise it is a warning: the server gets no connections until its name resolves."
            ),
            .group(
                "sessions", \.defaults, "TLS sessions: the defaults for every listener, and those that servers give us."
            ),
            .groups(
                "listeners", \.plan.listeners, startingWith: { ListenerPlan(sessions: $0.sessions) },
                "Where clients connect to."),
            .groups(
                "routers", \.plan.routers, required: false,
                "Routers that choose an upstream group by one property of the connection; they can lead to each other."),
            .groups("upstreams", \.plan.upstreams, "Groups of servers."),
            .group("admin", \.plan.admin, "The administrative endpoint; without it there is none."),
        ]
    }
}

extension LogPlan: OptionGroup {
    static var options: [Option<Self>] {
        [
            .optional(
                "output", \.output, .located(.logTarget), defaultText: "stderr",
                "Where lines go: stderr; journal: stderr, with each line's priority in front, which is chosen by itself where systemd's journal is behind it; syslog: /dev/log; or a file, which SIGUSR1 opens anew."
            ),
            .value("format", \.format, .choice, "text for people, json for machines."),
            .value(
                "level", \.level, .choice,
                "What is less important than this is not written; a connection's line is info."),
            .value(
                "probes", \.probes, .choice,
                "Whether a client that connects and leaves without a byte, as health checks of balancers do, leaves a line."
            ),
        ]
    }
}

extension AdminPlan: OptionGroup {
    var isWhole: Bool { bind.source != .nowhere }

    static var options: [Option<Self>] {
        [
            .required(
                "bind", \.bind, .located(.bindAddress),
                "Address and port of /metrics, /healthz and /upstreams; they are not protected, so keep it on loopback."
            ),
            .value(
                "connections", \.connections, .integer(1...1000),
                "Connections at once; when it is reached, the one idle longest of the address that has most makes way."),
            .list(
                "hosts", \.hosts, of: .servedName,
                "Host names that it answers to besides addresses and localhost, against DNS rebinding; \"*\" is any name."
            ),
        ]
    }
}

extension UpstreamPlan: OptionGroup {
    static var options: [Option<Self>] {
        [
            .required("name", \.name, .name, "The group's name."),
            .value("balance", \.balance, .word, "How a server is chosen (docs/balancing.md)."),
            .value(
                "hash_by", \.hashKey, .word,
                "What consistent_hash hashes: the client's address, the name that it asks for, or its session's lineage."
            ),
            .value(
                "hash_max_load", \.hashBound, .loadBound,
                "How many times its share of the group's connections a server may have before consistent_hash passes it over."
            ),
            .value("affinity", \.affinity, .word, "What ties a client to a server (docs/routing.md)."),
            .value(
                "affinity_max_load", \.affinityBound, .loadBound,
                "How many times its share of the group's connections a server may have before affinity is given up."),
            .value(
                "send_proxy", \.sendProxy, .word,
                "How servers are told who the client is, by the PROXY protocol before all else (docs/proxy-protocol.md)."
            ),
            .list(
                "proxy_tlvs", \.proxyTLVs, of: .word,
                "What a header of version 2 says besides the addresses; servers differ in what they take."),
            .groups(
                "servers", \.servers, or: .serverAddress, as: \.address,
                "The servers; the next one is tried when connecting fails."),
            .group("tcp", \.tcp, "What is asked of the kernel's TCP (docs/deployment.md)."),
            .whole(
                "tls", \.tls,
                "TLS towards the servers; {} verifies them by the system's authorities (docs/upstream-tls.md)."),
            .group("health", \.health, "Health checks; without it servers are judged by their connections alone."),
            .group(
                "eject", \.ejection,
                "When a server that does not take connections gets none for a while (docs/upstreams.md)."),
            .group("queue", \.queue, "Connections that wait for a server."),
            .value(
                "unreachable", \.farewell, .word, "How a client is left for whom there is no server."),
            .value(
                "slow_start", \.slowStart, .duration(.zero ... .seconds(86_400)),
                "How long a server that comes back gets fewer connections, rising to its share; 0s: not at all."),
            .group(
                "retries", \.retries,
                "How far a connection goes on to other servers when connecting fails; never after a byte of the client's was delivered."
            ),
        ]
    }
}

extension ServerPlan: OptionGroup {
    static var place: WritableKeyPath<Self, Place>? { \.place }
    var isWhole: Bool { address != Self().address }

    static var options: [Option<Self>] {
        [
            .optional("id", \.ownID, .text, defaultText: "the address", "The server's id in logs and metrics."),
            .required(
                "address", \.address, .serverAddress,
                "Its address: `address:port`, `name:port`, `unix:/path`, or a service in DNS, `srv:_name._tcp.domain`."),
            .value("weight", \.weight, .integer(1...1000), "Its share of the connections."),
            .optional(
                "send_proxy", \.sendProxy, .word, defaultText: "the group's",
                "How this server is told who the client is."),
            .value(
                "backup", \.isBackup, .boolean,
                "Whether it gets connections only when no other server of the group does."),
            .value(
                "max_connections", \.maximumConnections, .integer(0...10_000_000),
                "How many connections it has at most, over all workers; 0: any number."),
            .value("health", \.isChecked, .boolean, "Whether the group's health checks ask it."),
            .whole("tls", \.tls, "TLS towards this server, instead of its group's."),
        ]
    }
}
