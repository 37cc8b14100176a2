internal import RepriseVocabulary

extension ListenerTCPPlan: OptionGroup {
    static var options: [Option<Self>] {
        TCPOptions.options(at: \.options.connections, absentKeepalive: "timeouts.idle finds clients that are gone") + [
            .value(
                "backlog", \.options.backlog, .integer(1...65_535),
                "Connections that the kernel queues for one socket before they are accepted; it cuts this down to net.core.somaxconn."
            ),
            .value(
                "fast_open", \.options.fastOpen, .integer(0...65_535), place: \.fastOpenPlace,
                "Clients that may have sent bytes with a SYN that is not answered yet (TCP Fast Open); 0: off."),
            .value(
                "reuse_port", \.options.sharesPort, .boolean,
                "true: each worker has a socket and a queue of its own (SO_REUSEPORT); false: all accept from one. A change needs a restart."
            ),
            .value(
                "v6only", \.options.takesIPv6Alone, .boolean,
                "false: a bind to [::] takes IPv4 clients too. A change needs a restart."),
        ]
    }
}

extension UpstreamTCPPlan: OptionGroup {
    static var options: [Option<Self>] {
        TCPOptions.options(at: \.connections, absentKeepalive: "a server that vanishes is found by what is sent to it")
            + [
                .optional(
                    "source", \.source, .located(.sourceAddress), defaultText: "the kernel chooses",
                    "The address to connect from: one of this machine's; or client: the client's own, which needs CAP_NET_RAW or CAP_NET_ADMIN, and routes that bring the answers back. It is left out where the server is of another family."
                )
            ]
    }
}

extension TCPOptions {
    /// The keys that listeners and upstreams share.
    ///
    /// - Parameter absentKeepalive: what happens without probes.
    fileprivate static func options<Root: OptionGroup>(
        at path: WritableKeyPath<Root, TCPOptions>, absentKeepalive: String
    ) -> [Option<Root>] {
        [
            .group(
                "keepalive", path.appending(path: \.keepalive),
                "The kernel probes silent connections (SO_KEEPALIVE). Without it there are no probes: \(absentKeepalive)."
            ),
            .value(
                "user_timeout", path.appending(path: \.userTimeout), .duration(.zero ... .seconds(86_400)),
                "How long sent bytes, and probes, may stay unacknowledged before the kernel gives the connection up (TCP_USER_TIMEOUT); 0s: the kernel's own choice."
            ),
            .value(
                "dscp", path.appending(path: \.serviceClass), .serviceClass,
                "The class of service that packets are marked with (DSCP), as a number or a word."),
        ]
    }
}

extension TCPOptions.Keepalive: OptionGroup {
    static var options: [Option<Self>] {
        [
            .value("idle", \.idle, .wholeSeconds(1...32_767), "Without a byte, before the first probe."),
            .value("interval", \.interval, .wholeSeconds(1...32_767), "Between probes."),
            .value("count", \.count, .integer(1...127), "Unanswered probes, until the connection is given up."),
        ]
    }
}
