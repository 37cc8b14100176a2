/// Every metric there is. Names are a promise to those who watch them; docs/metrics.md is made from this list.
package enum MetricCatalog {
    package static let connectionsAccepted = Metric(
        "reprise_connections_accepted_total", .counter, unit: "connections",
        "Client connections accepted, refused ones included.", labels: ["listener"])
    package static let connectionsOpen = Metric(
        "reprise_connections_open", .gauge, unit: "connections", "Client connections that are open now.",
        labels: ["listener"])
    package static let connectionsRefused = Metric(
        "reprise_connections_refused_total", .counter, unit: "connections",
        "Connections that a limit refused, by the limit's name in the configuration.", labels: ["listener", "limit"])
    package static let acceptPauses = Metric(
        "reprise_accept_pauses_total", .counter, unit: "pauses",
        "Times that accepting paused because descriptors or memory ran out.", labels: ["listener"])
    package static let connectionEndings = Metric(
        "reprise_connections_ended_total", .counter, unit: "connections", "Connections that ended, by how they ended.",
        labels: ["listener", "ending"])
    package static let connectionDuration = Metric(
        "reprise_connection_duration_seconds", .histogram, unit: "seconds",
        "Time from accepting a connection to its end.", labels: ["listener"],
        buckets: [0.001, 0.01, 0.1, 1, 10, 60, 600, 3600])
    package static let handshakesInProgress = Metric(
        "reprise_handshakes_in_progress", .gauge, unit: "handshakes", "TLS handshakes under way now.",
        labels: ["listener"])
    package static let handshakesCompleted = Metric(
        "reprise_handshakes_completed_total", .counter, unit: "handshakes",
        "TLS handshakes that succeeded, by version and by how the session was resumed (no: a full handshake).",
        labels: ["listener", "protocol", "resumed"])
    package static let handshakesFailed = Metric(
        "reprise_handshakes_failed_total", .counter, unit: "handshakes", "TLS handshakes that failed, by cause.",
        labels: ["listener", "cause"])
    package static let handshakeDuration = Metric(
        "reprise_handshake_duration_seconds", .histogram, unit: "seconds",
        "Time from accepting a connection to the end of its successful handshake.", labels: ["listener"],
        buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10])
    package static let keyUpdatesReceived = Metric(
        "reprise_key_updates_received_total", .counter, unit: "messages", "TLS 1.3 KeyUpdate messages from clients.",
        labels: ["listener"])
    package static let ticketFlights = Metric(
        "reprise_ticket_flights_total", .counter, unit: "flights",
        "Flights of TLS 1.3 tickets, by whether they left with other bytes or alone after tickets.delay.",
        labels: ["listener", "company"])
    package static let bytesRelayed = Metric(
        "reprise_bytes_relayed_total", .counter, unit: "bytes", "Plaintext bytes relayed, by direction.",
        labels: ["listener", "direction"])
    package static let backPressurePauses = Metric(
        "reprise_back_pressure_pauses_total", .counter, unit: "pauses",
        "Times that a direction paused because its receiver did not take the bytes (limits.relay_buffer).",
        labels: ["listener", "direction"])
    package static let upstreamConnects = Metric(
        "reprise_upstream_connects_total", .counter, unit: "connections", "Connections that an upstream server took.",
        labels: ["upstream", "server"])
    package static let upstreamConnectFailures = Metric(
        "reprise_upstream_connect_failures_total", .counter, unit: "connections",
        "Connections that an upstream server did not take, by reason.", labels: ["upstream", "server", "reason"])
    package static let upstreamConnectionsOpen = Metric(
        "reprise_upstream_connections_open", .gauge, unit: "connections",
        "Connections to an upstream server that are open now.", labels: ["upstream", "server"])
    package static let connectDuration = Metric(
        "reprise_upstream_connect_duration_seconds", .histogram, unit: "seconds",
        "Time that a successful connect to an upstream server took.", labels: ["upstream"],
        buckets: [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5])
    package static let certificateExpiry = Metric(
        "reprise_certificate_expires_days", .gauge, unit: "days",
        "Days until a certificate expires; negative when it has.", labels: ["listener", "host", "certificate"])
    package static let stapleReloads = Metric(
        "reprise_ocsp_response_reloads_total", .counter, unit: "reloads",
        "OCSP response files read again after a change, by result (applied, refused).", labels: ["result"])
    package static let configurationReloads = Metric(
        "reprise_configuration_reloads_total", .counter, unit: "reloads",
        "Reloads of the configuration, by result (applied, refused).", labels: ["result"])
    package static let logLinesDropped = Metric(
        "reprise_log_lines_dropped_total", .counter, unit: "lines",
        "Log lines dropped because the queue of the log was full.")
    package static let logQueueDepth = Metric(
        "reprise_log_queue_lines", .gauge, unit: "lines", "Log lines that wait to be written.")
    package static let timerQueueOverflows = Metric(
        "reprise_timer_queue_overflows_total", .counter, unit: "durations",
        "Durations that found no constant-time timer queue left on a worker.")
    package static let workers = Metric("reprise_workers", .gauge, unit: "workers", "Event loops that serve clients.")
    package static let descriptorsOpen = Metric(
        "reprise_descriptors_open", .gauge, unit: "descriptors", "File descriptors that the process has open.")
    package static let descriptorsLimit = Metric(
        "reprise_descriptors_limit", .gauge, unit: "descriptors", "File descriptors that the process may have open.")
    package static let startTime = Metric(
        "reprise_start_time_seconds", .gauge, unit: "seconds", "When the process started, in seconds since 1970.")
    package static let buildInfo = Metric(
        "reprise_build_info", .gauge, unit: "none", "Always 1; the labels say which versions run.",
        labels: ["version", "openssl", "libevent"])

    /// All of them, in the order of the exposition.
    package static let all: [Metric] = [
        connectionsAccepted, connectionsOpen, connectionsRefused, acceptPauses, connectionEndings, connectionDuration,
        handshakesInProgress, handshakesCompleted, handshakesFailed, handshakeDuration, keyUpdatesReceived,
        ticketFlights, bytesRelayed, backPressurePauses, upstreamConnects, upstreamConnectFailures,
        upstreamConnectionsOpen, connectDuration, certificateExpiry, stapleReloads, configurationReloads,
        logLinesDropped, logQueueDepth, timerQueueOverflows, workers, descriptorsOpen, descriptorsLimit, startTime,
        buildInfo,
    ]
}
