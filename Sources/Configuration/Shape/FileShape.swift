/// The shape of the configuration file.
///
/// Worked out anew for each reading: as globals, the boxes of nested shapes would look like leaks to the address sanitizer,
/// which does not see tagged pointers.
enum FileShape {
    static var root: [Shape.Key] {
        [
            Shape.Key(
                "workers", .scalar(.integerOr(["auto"], 1...256)), standard: "auto",
                "How many event loops serve, each on a thread of its own; auto is one for each processor that the process may use. A change needs a restart."
            ),
            Shape.Key("log", .mapping(log), "The log on standard error."),
            Shape.Key(
                "drain_timeout", .scalar(.duration(atLeast: .zero, atMost: .seconds(86_400))), standard: "30s",
                "How long open connections may go on after SIGTERM; then the rest is closed with close_notify."),
            Shape.Key("sessions", .mapping(sessions), "TLS sessions: the defaults for every listener."),
            Shape.Key(
                "listeners", .list(of: .mapping(listener), atLeast: 1), required: true, "Where clients connect to."),
            Shape.Key("routers", .list(of: .mapping(router), atLeast: 0), "Routers that choose an upstream group."),
            Shape.Key("upstreams", .list(of: .mapping(upstream), atLeast: 1), required: true, "Groups of servers."),
            Shape.Key("admin", .mapping(admin), "The administrative endpoint; without it there is none."),
        ]
    }

    static var log: [Shape.Key] {
        [
            Shape.Key(
                "format", .scalar(.choice(["text", "json"])), standard: "text", "text for people, json for machines."),
            Shape.Key(
                "level",
                .scalar(.choice(["trace", "debug", "info", "notice", "warning", "error", "critical"])),
                standard: "info",
                "What is less important than this is not written; a connection's line is info."),
        ]
    }

    static var sessions: [Shape.Key] {
        [
            Shape.Key(
                "mode", .scalar(.choice(["both", "stateless", "stateful", "off"])), standard: "both",
                "stateless: tickets; stateful: session ids, and tickets that are handles; both: tickets, and ids for TLS 1.2 clients without tickets; off: no resumption."
            ),
            Shape.Key(
                "domain", .scalar(.name), standard: "the listener's name",
                "Listeners of one domain resume each other's sessions."),
            Shape.Key(
                "lifetime", .scalar(.duration(atLeast: .seconds(1), atMost: .seconds(604_800))), standard: "2h",
                "How long a session can be resumed, in whole seconds."),
            Shape.Key(
                "max_chain_age", .scalar(.duration(atLeast: .seconds(1), atMost: .seconds(31_536_000))),
                standard: "24h",
                "How long all sessions that descend from one full handshake can be resumed."),
            Shape.Key("single_use", .scalar(.boolean), standard: "false", "A TLS 1.3 session resumes once."),
            Shape.Key("cache", .mapping(cache), "Where stateful sessions are kept."),
            Shape.Key(
                "store_deadline", .scalar(.duration(atLeast: .milliseconds(1), atMost: .seconds(10))), standard: "20ms",
                "A session store that does not answer in this time does not have the session."),
            Shape.Key("tickets", .mapping(tickets), "Session tickets."),
            Shape.Key(
                "endings", .dictionary(.scalar(.choice(["keep", "drop"]))),
                "What the ending of a connection means for its session, by the ending's name."),
            Shape.Key(
                "deny_list", .scalar(.integer(1...16_777_216)), standard: "65536",
                "How many lineages can be denied resumption at once."),
        ]
    }

    static var cache: [Shape.Key] {
        [
            Shape.Key(
                "size", .scalar(.size(atLeast: 1 << 20, atMost: 1 << 40)), standard: "64MiB",
                "The memory for stateful sessions, shared by the workers; when it is full, the oldest make room.")
        ]
    }

    static var tickets: [Shape.Key] {
        [
            Shape.Key(
                "rotate", .scalar(.duration(atLeast: .seconds(1), atMost: .seconds(604_800))), standard: "1h",
                "How often the ticket key changes."),
            Shape.Key(
                "full", .scalar(.integer(0...16)), standard: "1", "How many TLS 1.3 tickets a full handshake gets."),
            Shape.Key(
                "resumed", .scalar(.integer(0...16)), standard: "1",
                "How many TLS 1.3 tickets a resumed handshake gets."),
            Shape.Key(
                "delay", .scalar(.duration(atLeast: .zero, atMost: .seconds(60))), standard: "20ms",
                "How long a TLS 1.3 ticket waits for other bytes to the client before it leaves alone."),
            Shape.Key(
                "wait_for_upstream", .scalar(.boolean), standard: "false",
                "TLS 1.3 tickets are made when the upstream has taken the connection."),
            Shape.Key(
                "keys", .list(of: .scalar(.path), atLeast: 0), standard: "[]",
                "Files with ticket keys, instead of keys of our own."),
        ]
    }

    static var listener: [Shape.Key] {
        [
            Shape.Key("name", .scalar(.name), required: true, "The listener's name in logs and metrics."),
            Shape.Key(
                "bind", .list(of: .scalar(.bindAddress), atLeast: 1), required: true,
                "Addresses and ports to listen on; an IPv6 address takes IPv6 alone."),
            Shape.Key(
                "mode", .scalar(.choice(["tcp", "http"])), standard: "tcp", "tcp relays the plaintext as it comes."),
            Shape.Key(
                "proxy_protocol", .scalar(.choice(["off", "optional", "required"])), standard: "off",
                "Whether clients speak the PROXY protocol before TLS."),
            Shape.Key("timeouts", .mapping(timeouts), "How long a connection may take for each part of its life."),
            Shape.Key(
                "limits", .mapping(limits),
                "How much is taken on; each refuses by its name, with a metric. They are asked in the order per_client, connections, handshake_rate, handshakes_per_client, handshakes."
            ),
            Shape.Key("sessions", .mapping(sessions), "Overrides the defaults of the top level, key by key."),
            Shape.Key("tls", .mapping(tls), required: true, "How TLS is spoken, and with which certificates."),
            Shape.Key("router", .scalar(.name), required: true, "The upstream group that connections go to."),
        ]
    }

    static var timeouts: [Shape.Key] {
        [
            Shape.Key(
                "handshake", time(), standard: "10s", "From accepting the connection to the end of the handshake."),
            Shape.Key("connect", time(), standard: "5s", "For each upstream server that is tried."),
            Shape.Key("idle", time(), standard: "5m", "Without a byte in either direction."),
            Shape.Key(
                "half_closed", time(), standard: "30s",
                "Without a byte in the direction that is left, when the other has ended."),
            Shape.Key("shutdown", time(), standard: "2s", "For the client to take our goodbye and to close."),
        ]
    }

    private static func time() -> Shape {
        .scalar(.duration(atLeast: .milliseconds(1), atMost: .seconds(604_800)))
    }

    static var limits: [Shape.Key] {
        [
            Shape.Key(
                "connections", .scalar(.integer(1...10_000_000)), standard: "20000",
                "Open connections; each needs two descriptors."),
            Shape.Key(
                "handshakes", .scalar(.integer(0...10_000_000)), standard: "1000",
                "Handshakes at once; 0: any number. When it is reached, the one that has sent no whole ClientHello for longest makes way."
            ),
            Shape.Key(
                "handshakes_per_client", .scalar(.integer(0...10_000_000)), standard: "half of handshakes",
                "Handshakes at once of one client: an IPv4 address, or the /64 of an IPv6 one; 0: any number."),
            Shape.Key(
                "handshake_rate", .scalar(.rate(0...10_000_000)), standard: "0",
                "New handshakes in a second; 0: any number."),
            Shape.Key(
                "per_client", .scalar(.integer(0...10_000_000)), standard: "0",
                "Open connections of one client: an IPv4 address, or the /64 of an IPv6 one; 0: any number."),
            Shape.Key(
                "relay_buffer", .scalar(.size(atLeast: 4 << 10, atMost: 16 << 20)), standard: "64KiB",
                "Bytes held for one connection and direction, when its receiver is slow; one TLS record may come on top."
            ),
            Shape.Key(
                "key_updates", .scalar(.rate(0...1_000_000)), standard: "100/s",
                "TLS 1.3 KeyUpdates of one client in a second; 0: any number."),
        ]
    }

    static var tls: [Shape.Key] {
        [
            Shape.Key(
                "profile", .scalar(.choice(["modern", "intermediate", "old"])), standard: "intermediate",
                "Mozilla's Server Side TLS guideline (6.0; old: 5.8); each part can be overridden below."),
            Shape.Key("minimum_version", .scalar(.version), standard: "the profile's", "The oldest version spoken."),
            Shape.Key("maximum_version", .scalar(.version), standard: "the profile's", "The newest version spoken."),
            Shape.Key(
                "ciphers", .scalar(.text), standard: "the profile's",
                "Ciphers for TLS 1.2 and before: an OpenSSL cipher list, with @SECLEVEL if wanted."),
            Shape.Key("ciphersuites", .scalar(.text), standard: "the profile's", "Cipher suites of TLS 1.3."),
            Shape.Key(
                "groups", .scalar(.text), standard: "the profile's", "Key-exchange groups, such as \"X25519:P-256\"."),
            Shape.Key(
                "signature_algorithms", .scalar(.text), standard: "libssl's",
                "Signature algorithms, such as \"ECDSA+SHA256:RSA-PSS+SHA256\"."),
            Shape.Key(
                "alpn", .list(of: .scalar(.applicationProtocol), atLeast: 0), standard: "[]",
                "Application protocols in the order of preference; without any, ALPN is not spoken."),
            Shape.Key(
                "unknown_names", .scalar(.choice(["default", "reject"])), standard: "default",
                "A name that no host has: the first host's certificate, or the alert unrecognized_name."),
            Shape.Key(
                "hosts", .list(of: .mapping(host), atLeast: 1), required: true,
                "Virtual hosts; the first is the default."),
        ]
    }

    static var host: [Shape.Key] {
        [
            Shape.Key(
                "id", .scalar(.name), standard: "the first name", "The host's id in logs; sessions are bound to it."),
            Shape.Key(
                "names", .list(of: .scalar(.hostName), atLeast: 1), required: true,
                "Names it answers to; \"*.\" stands for one label, and an exact name comes before it."),
            Shape.Key(
                "certificates", .list(of: .mapping(certificate), atLeast: 1), required: true,
                "Certificates; ECDSA and RSA may stand side by side, the client's abilities choose."),
            Shape.Key("client_auth", .mapping(clientAuth), "Certificates of clients."),
        ]
    }

    static var certificate: [Shape.Key] {
        [
            Shape.Key(
                "chain", .scalar(.path), required: true, "PEM file: the certificate, then what signed it, and so on."),
            Shape.Key("key", .scalar(.path), required: true, "PEM file: the certificate's private key."),
            Shape.Key("passphrase_file", .scalar(.path), "File whose first line opens the key, if it is encrypted."),
            Shape.Key(
                "ocsp", .scalar(.path), "DER file: an OCSP response to staple; read again when it changes."),
        ]
    }

    static var clientAuth: [Shape.Key] {
        [
            Shape.Key(
                "mode", .scalar(.choice(["none", "request", "require"])), standard: "none",
                "none asks for none; request serves a client without one, and refuses one with a bad one; require refuses both."
            ),
            Shape.Key("ca", .scalar(.path), "PEM file: certificates that clients' certificates must lead to."),
            Shape.Key(
                "crl", .scalar(.path),
                "PEM file: revocation lists, signed by authorities in `ca`; with it, every certificate of a chain must be covered by one."
            ),
            Shape.Key("depth", .scalar(.integer(0...16)), "How many intermediate certificates a chain may have."),
            Shape.Key(
                "names", .list(of: .scalar(.text), atLeast: 0),
                "Names of which a certificate must have one in its subjectAltName: host names, \"*.\" patterns, mail addresses."
            ),
        ]
    }

    static var router: [Shape.Key] {
        [
            Shape.Key("name", .scalar(.name), required: true, "The router's name."),
            Shape.Key("sni", .dictionary(.scalar(.name)), "Upstream groups by the name that the client asks for."),
        ]
    }

    static var upstream: [Shape.Key] {
        [
            Shape.Key("name", .scalar(.name), required: true, "The group's name."),
            Shape.Key(
                "balance",
                .scalar(
                    .choice([
                        "round_robin", "least_connections", "power_of_two", "random", "consistent_hash",
                        "first_available",
                    ])), standard: "round_robin", "How a server is chosen."),
            Shape.Key(
                "affinity", .scalar(.choice(["none", "session"])), standard: "none", "What ties a client to a server."),
            Shape.Key(
                "affinity_max_load", .scalar(.decimalOr(["unlimited"])), standard: "unlimited",
                "The share of the mean load up to which affinity is kept."),
            Shape.Key(
                "servers", .list(of: .either(.serverAddress, server), atLeast: 1), required: true,
                "The servers; the next one is tried when connecting fails."),
            Shape.Key("tls", .dictionary(.scalar(.text)), "TLS towards the servers."),
            Shape.Key("health", .dictionary(.scalar(.text)), "Active health checks."),
            Shape.Key("retries", .dictionary(.scalar(.text)), "Retries."),
        ]
    }

    static var server: [Shape.Key] {
        [
            Shape.Key("id", .scalar(.text), standard: "the address", "The server's id in logs and metrics."),
            Shape.Key(
                "address", .scalar(.serverAddress), required: true,
                "Its address; a name is resolved when the configuration is loaded."),
            Shape.Key("weight", .scalar(.integer(1...1000)), standard: "1", "Its share of the connections."),
        ]
    }

    static var admin: [Shape.Key] {
        [
            Shape.Key(
                "bind", .scalar(.bindAddress), required: true,
                "Address and port of /metrics and /healthz; they are not protected, so keep it on loopback."),
            Shape.Key(
                "connections", .scalar(.integer(1...1000)), standard: "\(AdminPlan.standardConnections)",
                "Connections at once; when it is reached, the one idle longest of the address that has most makes way."),
            Shape.Key(
                "hosts", .list(of: .scalar(.servedName), atLeast: 0), standard: "[]",
                "Host names that it answers to besides addresses and localhost, against DNS rebinding; \"*\" is any name."
            ),
        ]
    }
}
