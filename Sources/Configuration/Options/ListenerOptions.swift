internal import RepriseVocabulary

extension ListenerPlan: OptionGroup {
    static var options: [Option<Self>] {
        [
            .required("name", \.name, .name, "The listener's name in logs and metrics."),
            .list(
                "bind", \.bind, of: .located(.bindAddress), atLeast: 1,
                "Addresses and ports to listen on; an IPv6 address takes IPv6 alone, unless tcp.v6only is false."),
            .later(
                "mode", .scalar(.choice(["tcp", "http"])), defaultText: "tcp", .fault(unless: ["tcp"]),
                "tcp relays the plaintext as it comes."),
            .value(
                "proxy_protocol", \.proxyProtocol.mode, .choice,
                "Whether a header of the PROXY protocol, version 1 or 2, comes before TLS and says who the client is (docs/proxy-protocol.md). optional takes TLS at once, too; required turns away all who are not in trusted_proxies."
            ),
            .list(
                "trusted_proxies", \.proxyProtocol.trusted, of: .trustedProxies,
                "The proxies whose headers are believed: networks, addresses, or unix for all on a Unix socket. It must be written with proxy_protocol: optional or required."
            ),
            .group("tcp", \.tcp, "What is asked of the kernel's TCP (docs/deployment.md)."),
            .group("timeouts", \.timeouts, "How long a connection may take for each part of its life."),
            .group(
                "limits", \.limits,
                "How much is taken on; each refuses by its name, with a metric. They are asked in the order per_client, connections, handshake_rate, handshakes_per_client, handshakes."
            ),
            .group("sessions", \.sessions, "Overrides the defaults of the top level, key by key."),
            .group("tls", \.tls, required: true, "How TLS is spoken, and with which certificates."),
            .required("router", \.router, .name, "The upstream group or the router that connections go to."),
        ]
    }
}

extension ConnectionTimeouts: OptionGroup {
    static var options: [Option<Self>] {
        let time = Codec.duration(.milliseconds(1) ... .seconds(604_800))
        return [
            .value(
                "proxy_header", \.proxyHeader, time,
                "From accepting the connection of a trusted proxy to the end of its PROXY protocol header, or to its first byte of TLS where proxy_protocol is optional."
            ),
            .value(
                "handshake", \.handshake, time,
                "From accepting the connection, or from the end of its PROXY protocol header, to the end of the handshake."
            ),
            .value("route", \.route, time, "For the answer of a router that takes time."),
            .value("connect", \.connect, time, "For each upstream server that is tried."),
            .value("idle", \.idle, time, "Without a byte in either direction."),
            .value(
                "half_closed", \.halfClosed, time,
                "Without a byte in the direction that is left, when the other has ended."),
            .value("shutdown", \.shutdown, time, "For the client to take our goodbye and to close."),
        ]
    }
}

extension ListenerPlan.Limits: OptionGroup {
    static var options: [Option<Self>] {
        let any = 0...10_000_000
        return [
            .value(
                "connections", \.admission.connections, .integer(1...10_000_000), place: \.connectionsPlace,
                "Open connections; each needs two descriptors."),
            .value(
                "handshakes", \.admission.handshakes, .integer(any),
                "Handshakes at once; 0: any number. When it is reached, the one that has sent no whole ClientHello for longest makes way."
            ),
            .optional(
                "handshakes_per_client", \.admission.handshakesPerClient, .integer(any),
                defaultText: "half of handshakes",
                "Handshakes at once of one client: an IPv4 address, or the /64 of an IPv6 one; 0: any number."),
            .value(
                "handshake_rate", \.admission.handshakeRate, .rate(any), "New handshakes in a second; 0: any number."),
            .value(
                "per_client", \.admission.perClient, .integer(any),
                "Open connections of one client: an IPv4 address, or the /64 of an IPv6 one; 0: any number. Clients on Unix sockets, and those that a PROXY protocol header does not name, are not counted together."
            ),
            .value(
                "relay_buffer", \.relayBuffer, .size(4 << 10...16 << 20),
                "Bytes held for one connection and direction, when its receiver is slow; one TLS record may come on top."
            ),
            .value(
                "key_updates", \.keyUpdates, .rate(0...1_000_000),
                "TLS 1.3 KeyUpdates of one client in a second; 0: any number."),
        ]
    }
}
