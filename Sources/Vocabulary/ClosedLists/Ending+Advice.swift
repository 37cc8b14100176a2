extension Ending.Kind {
    /// What an operator can do about the ending, in Markdown; `nil` for an end in order.
    public var advice: String? {
        switch self {
        case .clientCloseNotify, .upstreamEnd: nil
        case .clientFIN:
            "Many clients leave so; if answers are cut off, look for what ends the client or the network before it."
        case .clientReset:
            "Look at the client: it gave up, crashed, or a middlebox cut it off; a short `total_ms` tells impatience."
        case .upstreamReset: "Look at the upstream server's log for the same moment: it crashed, or cut the client off."
        case .upstreamUnreachable:
            "See `reprise_upstream_connect_failures_total` for the reason at each server, and that the servers run."
        case .alertSent: "`cause` and the alert's name say what Reprise refused; look the cause up."
        case .alertReceived:
            "The alert's name says what the client refused: for `unknown_ca` or `bad_certificate`, send the chain that it trusts."
        case .timeoutProxyHeader: "Look for what holds up the balancer, or raise `timeouts.proxy_header`."
        case .timeoutHandshake:
            "If honest clients are slow, raise `timeouts.handshake`; many at once are a flood, which `limits` hold."
        case .timeoutIdle:
            "If connections rest for longer on purpose, raise `timeouts.idle`, or let an end send keepalives."
        case .timeoutHalfClosed: "If answers take longer after the request has ended, raise `timeouts.half_closed`."
        case .timeoutShutdown: "The client or its network is too slow for the last bytes: raise `timeouts.shutdown`."
        case .refused: "`detail` names the limit, or `cause` says what came instead of TLS."
        case .drain: "Nothing, if it was wanted; raise `drain_timeout` to give connections longer."
        case .killed: "Send one signal only, and wait for `drain_timeout`, to end connections in order."
        }
    }
}

extension ConnectFailure {
    /// What an operator can do about the failure, in Markdown.
    public var advice: String? {
        switch self {
        case .refused: "Start the server, or correct its address and port in `upstreams`."
        case .timeout:
            "Look for a firewall that drops packets and for a server that is overloaded; raise `timeouts.connect`."
        case .unreachable:
            "Check the server's address and the routes of this machine; too many connections use up local ports."
        case .reset: "Look at the server's log: it accepts connections and drops them, perhaps at a limit of its own."
        case .other: "The log's `reason` has the system's words."
        case .tls:
            "See `reprise_upstream_handshakes_failed_total`, and the log's `reason`: the server's certificate, or `upstreams[].tls`."
        }
    }
}

extension ListenerLimit {
    /// What an operator can do where the limit turns honest clients away, in Markdown.
    package var advice: String? {
        switch self {
        case .connections: "Raise `limits.connections`, and the limit of descriptors with it, or add machines."
        case .handshakes:
            "Raise `limits.handshakes` if there is processor time left; let clients resume, which costs less."
        case .handshakesPerClient:
            "Raise `limits.handshakes_per_client` if many honest clients share an address; otherwise look at that client."
        case .handshakeRate: "Raise `limits.handshake_rate` if there is processor time left; let clients resume."
        case .perClient: "Raise `limits.per_client` if many honest clients share an address, as behind a proxy."
        case .keyUpdates: "No honest client needs as many: look at the client before you raise `limits.key_updates`."
        }
    }
}

extension RouteResult {
    /// What an operator can do about the result, in Markdown; `nil` where it is the router's wish.
    package var advice: String? {
        switch self {
        case .routed, .refused: nil
        case .failed: "The log line `not routed` has the router's words; mend the router."
        case .late: "Make the router faster, or raise `timeouts.route`."
        case .unknown: "Name that group in `upstreams`, or correct the router's answer."
        }
    }
}

extension AffinityResult {
    /// What an operator can do about the result, in Markdown; `nil` where all is well.
    package var advice: String? {
        switch self {
        case .kept, .new: nil
        case .moved: "See why the server took no connection: `reprise_upstream_connect_failures_total`."
        case .gone: "Nothing after a change of the group; give servers an `id` and let it stay when an address changes."
        case .otherGroup: "Let the same router lead a client to the same group, if its sessions shall stay."
        case .overloaded: "Raise `affinity_max_load`, or add servers: few clients make most of the load."
        }
    }
}

extension ReloadResult {
    /// What an operator can do about the result, in Markdown; `nil` where all is well.
    package var advice: String? {
        self == .refused ? "The log's `reason` says what is wrong with the file; `reprise check` says it, too." : nil
    }
}
