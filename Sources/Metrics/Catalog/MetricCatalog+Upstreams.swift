internal import RepriseVocabulary

/// The metrics of upstream servers.
extension MetricCatalog {
    package static let upstreamConnects = Metric.counter(
        "reprise_upstream_connects_total", .connections, [upstream, server],
        help: "Connections to a server of an upstream that were established.")
    package static let upstreamConnectFailures = Metric.counter(
        "reprise_upstream_connect_failures_total", .failures,
        [upstream, server, .closed("reason", ConnectFailure.self)],
        help: "Attempts to connect to a server of an upstream that failed.")
    package static let upstreamServers = Metric.computed(
        "reprise_upstream_servers", .gauge, .servers, [upstream, .closed("state", ServerState.self)],
        help: "Servers of an upstream now, by their state.")
    package static let upstreamStateChanges = Metric.counter(
        "reprise_upstream_state_changes_total", .changes, [upstream, server, .closed("state", ServerState.self)],
        help: "How often a server of an upstream has come to a state.")
    package static let upstreamChecks = Metric.counter(
        "reprise_upstream_checks_total", .checks, [upstream, server, .closed("result", CheckResult.self)],
        help: "Health checks of a server of an upstream.")
    package static let upstreamRetries = Metric.counter(
        "reprise_upstream_retries_total", .connections, [upstream, .closed("result", RetryResult.self)],
        help: "Connections whose server did not take them and that asked for another try.")
    package static let upstreamWaiting = Metric.computed(
        "reprise_upstream_waiting", .gauge, .connections, [upstream],
        help: "Connections that wait for a server of an upstream now.")
    package static let upstreamWaits = Metric.counter(
        "reprise_upstream_waits_total", .connections, [upstream, .closed("result", QueueResult.self)],
        help: "Connections that had to wait for a server of an upstream, by what came of it.")
    package static let upstreamRetryAfter = Metric.computed(
        "reprise_upstream_retry_after_seconds", .gauge, .seconds, [upstream],
        help:
            "When clients may be taken again, at the earliest: 0 while they are, +Inf where neither a check nor an ejection's end will tell."
    )
    package static let upstreamAddresses = Metric.computed(
        "reprise_upstream_addresses", .gauge, .addresses, [upstream, server],
        help: "Addresses that the name of a server of an upstream has now.")
    package static let dnsFailures = Metric.counter(
        "reprise_dns_failures_total", .failures, [.open("name")],
        help: "Attempts to resolve a server's name that failed; it keeps the addresses that it had.")
    package static let upstreamHandshakes = Metric.counter(
        "reprise_upstream_handshakes_total", .handshakes, [upstream, server, .closed("resumed", ResumptionMeans.self)],
        help: "TLS handshakes with a server of an upstream that succeeded, by how the session was resumed.")
    package static let upstreamHandshakesFailed = Metric.counter(
        "reprise_upstream_handshakes_failed_total", .handshakes,
        [upstream, server, .closed("cause", HandshakeFailure.Kind.self)],
        help: "TLS handshakes with a server of an upstream that failed, each with one cause.")
    package static let upstreamResumptions = Metric.counter(
        "reprise_upstream_resumptions_total", .handshakes,
        [upstream, server, .closed("result", UpstreamResumption.self)],
        help:
            "TLS handshakes with a server of an upstream that succeeded, by what became of the sessions that it has given."
    )
    package static let upstreamHandshakeDuration = Metric.histogram(
        "reprise_upstream_handshake_duration_seconds", [upstream], buckets: handshakeSeconds,
        help: "Time from a server's accept to the end of a TLS handshake with it that succeeded.")
    package static let upstreamCertificateExpiry = Metric.computed(
        "reprise_upstream_certificate_not_after_timestamp_seconds", .gauge, .seconds, [upstream, server],
        help:
            "Until when the certificate is good that a server of an upstream has shown last; 0 before it has shown one."
    )
    package static let upstreamCertificateChanges = Metric.computed(
        "reprise_upstream_certificate_changes_total", .counter, .changes, [upstream, server],
        help: "How often sessions went because a server of an upstream had another certificate.")
    package static let upstreamSessions = Metric.computed(
        "reprise_upstream_sessions", .gauge, .sessions, help: "Sessions of servers that are kept.")
    package static let upstreamSessionBytes = Metric.computed(
        "reprise_upstream_session_bytes", .gauge, .bytes, help: "Memory that sessions of servers take.")
    package static let upstreamSessionsEvicted = Metric.computed(
        "reprise_upstream_sessions_evicted_total", .counter, .sessions,
        help: "Sessions of servers that made room for others in `sessions.upstream.size`.")
    package static let upstreamSessionsLeftOut = Metric.computed(
        "reprise_upstream_sessions_left_out_total", .counter, .sessions,
        help:
            "Sessions of servers that were not kept: longer than 16 KiB, or under more names than clients may have one server asked for."
    )
    package static let affinityResults = Metric.counter(
        "reprise_affinity_total", .connections, [upstream, .closed("result", AffinityResult.self)],
        help: "Connections to a group with session affinity, by what the session's memory was good for.")
    package static let upstreamConnectionsOpen = Metric.gauge(
        "reprise_upstream_connections_open", .connections, [upstream, server],
        help: "Connections to a server of an upstream open now.")
    package static let connectDuration = Metric.histogram(
        "reprise_upstream_connect_duration_seconds", [upstream], buckets: handshakeSeconds,
        help: "Time that a successful connect to a server of an upstream took.")
}
