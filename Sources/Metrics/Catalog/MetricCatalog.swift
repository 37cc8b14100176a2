internal import RepriseVocabulary

/// The one list of every metric: the exposition, its order and docs/metrics.md come from here.
package enum MetricCatalog {
    private static let listener = MetricLabel.open("listener")
    static let upstream = MetricLabel.open("upstream")
    static let server = MetricLabel.open("server")
    private static let domain = MetricLabel.open("domain")
    private static let direction = MetricLabel.closed("direction", RelayDirection.self)

    static let handshakeSeconds = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
    ]
    private static let connectionSeconds: [Double] = [0.01, 0.1, 1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400]

    // Listeners

    package static let connectionsAccepted = Metric.counter(
        "reprise_connections_accepted_total", .connections, [listener],
        help: "Client connections accepted, the refused ones too.")
    package static let connectionsOpen = Metric.gauge(
        "reprise_connections_open", .connections, [listener], help: "Client connections open now.")
    package static let connectionsRefused = Metric.counter(
        "reprise_connections_refused_total", .connections,
        [listener, .closed("limit", ListenerLimit.self)],
        help: "Client connections closed because a limit of the listener was reached.")
    package static let acceptPauses = Metric.counter(
        "reprise_accept_pauses_total", .pauses, [listener],
        help: "Pauses of a listener because descriptors or memory had run out (EMFILE, ENFILE, ENOBUFS, ENOMEM).")

    package static let proxyHeadersRead = Metric.counter(
        "reprise_proxy_headers_received_total", .connections, [listener, .closed("kind", ProxyHeaderKind.self)],
        help: "Connections from trusted proxies whose beginning was read, by what it said of the client.")

    package static let proxyTLVsLeftOut = Metric.counter(
        "reprise_proxy_tlvs_left_out_total", .parts, [listener],
        help: "Parts of PROXY protocol headers to upstreams that were left out, because a header has at most 16 KiB.")

    // Handshakes

    package static let handshakesInProgress = Metric.gauge(
        "reprise_handshakes_in_progress", .handshakes, [listener], help: "Handshakes under way now.")
    package static let handshakesCompleted = Metric.counter(
        "reprise_handshakes_completed_total", .handshakes,
        [
            listener, .closed("protocol", TLSVersion.self),
            .closed("resumed", ResumptionMeans.self),
        ],
        help: "Handshakes that succeeded, by protocol version and by how the session was resumed.")
    package static let handshakesByGroup = Metric.counter(
        "reprise_handshakes_by_group_class_total", .handshakes,
        [listener, .closed("class", GroupClass.self)],
        help: "Handshakes that succeeded, by what their key exchange rests on.")
    package static let handshakesFailed = Metric.counter(
        "reprise_handshakes_failed_total", .handshakes, [listener, .closed("cause", HandshakeFailure.Kind.self)],
        help: "Handshakes that failed, each with one cause.")
    package static let probes = Metric.counter(
        "reprise_probes_total", .connections, [listener],
        help:
            "Connections whose client left without a byte, as health checks of balancers do; they are no failed handshakes."
    )
    package static let handshakeDuration = Metric.histogram(
        "reprise_handshake_duration_seconds", [listener], buckets: handshakeSeconds,
        help: "Time from accept, or from the end of a PROXY protocol header, to the end of a handshake that succeeded.")
    package static let ticketFlights = Metric.counter(
        "reprise_ticket_flights_total", .flights, [listener, .closed("company", TicketCompany.self)],
        help: "Flights of TLS 1.3 tickets, by whether they left with other bytes or alone after tickets.delay.")
    package static let keyUpdatesReceived = Metric.counter(
        "reprise_key_updates_received_total", .messages, [listener],
        help: "TLS 1.3 KeyUpdate messages received from clients.")

    // Sessions

    package static let sessionsOffered = Metric.counter(
        "reprise_handshakes_by_offer_total", .handshakes, [listener, .closed("offer", OfferOutcome.self)],
        help: "Handshakes that succeeded, by whether the client offered a session and what came of it.")
    package static let sessionsNotResumed = Metric.counter(
        "reprise_sessions_not_resumed_total", .handshakes, [listener, .closed("reason", ResumptionRefusal.self)],
        help: "Handshakes that offered a session and became full ones, each with one reason.")
    package static let lineagesDropped = Metric.counter(
        "reprise_lineages_dropped_total", .lineages, [listener],
        help: "Lineages that an ending made void: none of their sessions resumes any more.")
    package static let denyListOverflows = Metric.counter(
        "reprise_deny_list_overflows_total", .lineages, [listener],
        help: "Lineages with a client certificate that found the deny list full, so that older ones are refused too.")
    package static let lineagesNotDenied = Metric.counter(
        "reprise_lineages_not_denied_total", .lineages, [listener],
        help:
            "Lineages without a client certificate that an ending should have made void, for which the deny list had no room, or not in their address's share."
    )
    package static let ticketWishesNotGranted = Metric.computed(
        "reprise_ticket_wishes_not_granted_total", .counter, .sessions, [domain],
        help:
            "Tickets that clients asked for (RFC 9149) and were not given, because they would be stored beyond their address's share."
    )

    package static let sessionsStored = Metric.computed(
        "reprise_sessions_stored", .gauge, .sessions, [domain], help: "Stateful sessions in the store now.")
    package static let sessionStoreBytes = Metric.computed(
        "reprise_session_store_bytes", .gauge, .bytes, [domain], help: "Bytes of stateful sessions in the store now.")
    package static let sessionsEvicted = Metric.computed(
        "reprise_sessions_evicted_total", .counter, .sessions, [domain],
        help: "Living sessions that gave way to newer ones because sessions.cache.size was full.")
    package static let sessionsRefusedByStore = Metric.computed(
        "reprise_sessions_not_stored_total", .counter, .sessions, [domain],
        help: "Sessions that were too long to store.")
    package static let deniedLineages = Metric.computed(
        "reprise_denied_lineages", .gauge, .lineages, [domain], help: "Lineages in the deny list now.")
    package static let applicationDataWaiting = Metric.computed(
        "reprise_application_data_waiting", .gauge, .lineages, [domain],
        help: "Lineages whose application data was set after their ticket had left, and goes into the next one.")
    package static let applicationDataForgotten = Metric.computed(
        "reprise_application_data_forgotten_total", .counter, .lineages, [domain],
        help: "Lineages whose waiting application data made room for that of others.")
    package static let affinitiesWaiting = Metric.computed(
        "reprise_affinities_waiting", .gauge, .lineages, [domain],
        help: "Lineages whose upstream server was chosen after their ticket had left, and goes into the next one.")
    package static let affinitiesForgotten = Metric.computed(
        "reprise_affinities_forgotten_total", .counter, .lineages, [domain],
        help: "Lineages whose waiting upstream server made room for that of others.")
    package static let storeWritesLeftOut = Metric.computed(
        "reprise_session_store_writes_left_out_total", .counter, .sessions, [domain],
        help: "What a session store on another machine was not told, because it had too much to take in already.")
    package static let establishedSessionsLeftOut = Metric.computed(
        "reprise_established_sessions_left_out_total", .counter, .sessions,
        help: "Sessions that an embedding program did not get, because it had left too many untaken.")
    package static let ticketKeys = Metric.computed(
        "reprise_ticket_keys", .gauge, .keys, [domain], help: "Ticket keys that seal, open or are still to come.")
    package static let ticketKeyReloads = Metric.counter(
        "reprise_ticket_key_reloads_total", .reloads, [.closed("result", ReloadResult.self)],
        help: "Files with ticket keys read again after a change, by what became of it.")

    // Connections

    package static let connectionEndings = Metric.counter(
        "reprise_connections_ended_total", .connections, [listener, .closed("ending", Ending.Kind.self)],
        help: "Connections that ended, by the first event that ended either direction.")
    package static let connectionDuration = Metric.histogram(
        "reprise_connection_duration_seconds", [listener], buckets: connectionSeconds,
        help: "Time from accept to the end of a connection.")
    package static let bytesRelayed = Metric.counter(
        "reprise_bytes_relayed_total", .bytes, [listener, direction],
        help: "Plaintext bytes relayed between clients and upstreams.")
    package static let backPressurePauses = Metric.counter(
        "reprise_back_pressure_pauses_total", .pauses, [listener, direction],
        help: "Times the writing side was paused because limits.relay_buffer bytes waited for a slow reader.")

    // Routing

    package static let routes = Metric.counter(
        "reprise_routes_total", .connections, [listener, .closed("result", RouteResult.self)],
        help: "Connections that a router was asked about, by what became of the question.")
    package static let routerStalls = Metric.counter(
        "reprise_router_stalls_total", .calls, [listener],
        help: "Calls of a router that have held up their worker for more than 10 ms.")
    package static let routeDuration = Metric.histogram(
        "reprise_route_duration_seconds", [listener],
        buckets: [0.000_001, 0.000_01, 0.000_1, 0.001, 0.01, 0.1, 1, 10],
        help: "Time from a question to a router that was plugged in to its answer.")

    // Certificates

    package static let certificateExpiry = Metric.computed(
        "reprise_certificate_not_after_timestamp_seconds", .gauge, .seconds,
        [listener, .open("host"), .open("certificate")],
        help: "When a certificate expires, in seconds since 1970-01-01T00:00:00Z.")
    package static let authorityExpiry = Metric.computed(
        "reprise_client_ca_not_after_timestamp_seconds", .gauge, .seconds, [listener, .open("host"), .open("ca")],
        help: "When the first authority in client_auth.ca expires, in seconds since 1970-01-01T00:00:00Z.")
    package static let revocationUpdate = Metric.computed(
        "reprise_client_crl_next_update_timestamp_seconds", .gauge, .seconds, [listener, .open("host"), .open("crl")],
        help:
            "When the first revocation list in client_auth.crl must be replaced, in seconds since 1970-01-01T00:00:00Z; "
            + "0 where an authority has no list in force, +Inf when none says.")
    package static let stapleUpdate = Metric.computed(
        "reprise_ocsp_response_next_update_timestamp_seconds", .gauge, .seconds,
        [listener, .open("host"), .open("certificate")],
        help:
            "When a stapled OCSP response must be replaced, in seconds since 1970-01-01T00:00:00Z; 0 where there is none to "
            + "staple, +Inf where it does not say.")
    package static let certificateReloads = Metric.counter(
        "reprise_certificate_reloads_total", .reloads, [.closed("result", ReloadResult.self)],
        help:
            "Certificates, keys, authorities and revocation lists read again because a file changed, by what became of it."
    )
    package static let stapleReloads = Metric.counter(
        "reprise_ocsp_response_reloads_total", .reloads, [.closed("result", ReloadResult.self)],
        help: "OCSP response files read again after a change, by what became of it.")

    // Administration

    package static let adminConnectionsDisplaced = Metric.counter(
        "reprise_admin_connections_displaced_total", .connections,
        help: "Connections to the admin endpoint that made way for newer ones because admin.connections was reached.")

    // Process

    package static let buildInfo = Metric.computed(
        "reprise_build_info", .gauge, .none,
        [.open("version"), .open("openssl"), .open("libevent")],
        help: "The versions this process is made of; always 1.")
    package static let ownPartsInUse = Metric.computed(
        "reprise_libcrypto_own_parts_in_use", .gauge, .none, [.closed("part", OwnPart.self)],
        help: "1 where libcrypto uses Reprise's own part, 0 where it was switched off or cannot be used.")
    package static let memoryGivenBack = Metric.computed(
        "reprise_libcrypto_memory_given_back_total", .counter, .blocks,
        help: "Blocks of libcrypto's that went back to malloc(3) because a thread kept 256 KiB of them.")
    package static let workers = Metric.computed(
        "reprise_workers", .gauge, .workers, help: "Event loops that serve clients.")
    package static let configurationReloads = Metric.counter(
        "reprise_configuration_reloads_total", .reloads, [.closed("result", ReloadResult.self)],
        help: "Reloads of the configuration, by what became of them.")
    package static let logLinesDropped = Metric.counter(
        "reprise_log_lines_dropped_total", .lines,
        help: "Log lines lost because the queue was full or the log could not be written.")
    package static let logQueueDepth = Metric.computed(
        "reprise_log_queue_lines", .gauge, .lines, help: "Log lines waiting to be written now.")
    package static let metricSeriesDropped = Metric.counter(
        "reprise_metric_series_dropped_total", .series,
        help: "Series that are not exposed because the process has too many.")

    // Process, by the names that Prometheus' clients use for any process

    package static let processCPU = Metric.computed(
        "process_cpu_seconds_total", .counter, .seconds, help: "CPU time of the process, user's and system's.")
    package static let processDescriptors = Metric.computed(
        "process_open_fds", .gauge, .descriptors, help: "File descriptors open now.")
    package static let processDescriptorLimit = Metric.computed(
        "process_max_fds", .gauge, .descriptors, help: "File descriptors that may be open (RLIMIT_NOFILE).")
    package static let processVirtualMemory = Metric.computed(
        "process_virtual_memory_bytes", .gauge, .bytes, help: "Address space that the process uses.")
    package static let processResidentMemory = Metric.computed(
        "process_resident_memory_bytes", .gauge, .bytes, help: "Memory of the process that is resident.")
    package static let processStartTime = Metric.computed(
        "process_start_time_seconds", .gauge, .seconds,
        help: "When the process started, in seconds since 1970-01-01T00:00:00Z.")
    package static let processThreads = Metric.computed(
        "process_threads", .gauge, .threads, help: "Threads that the process has now.")

    /// The families by subject, as docs/metrics.md groups them.
    package static let sections: [(title: String, metrics: [Metric])] = [
        (
            "Listeners",
            [
                connectionsAccepted, connectionsOpen, connectionsRefused, proxyHeadersRead, proxyTLVsLeftOut,
                acceptPauses,
            ]
        ),
        (
            "Handshakes",
            [
                handshakesInProgress, handshakesCompleted, handshakesByGroup, handshakesFailed, probes,
                handshakeDuration,
                ticketFlights,
                keyUpdatesReceived,
            ]
        ),
        (
            "Sessions",
            [
                sessionsOffered, sessionsNotResumed, lineagesDropped, denyListOverflows, lineagesNotDenied,
                ticketWishesNotGranted, deniedLineages, sessionsStored,
                sessionStoreBytes, sessionsEvicted, sessionsRefusedByStore, ticketKeys, ticketKeyReloads,
                applicationDataWaiting,
                applicationDataForgotten, affinitiesWaiting, affinitiesForgotten, storeWritesLeftOut,
                establishedSessionsLeftOut,
            ]
        ),
        ("Connections", [connectionEndings, connectionDuration, bytesRelayed, backPressurePauses]),
        ("Routing", [routes, routerStalls, routeDuration]),
        (
            "Upstreams",
            [
                upstreamConnects, upstreamConnectFailures, upstreamConnectionsOpen, connectDuration, upstreamServers,
                upstreamStateChanges, upstreamChecks, upstreamRetries, upstreamWaiting, upstreamWaits,
                upstreamRetryAfter, upstreamAddresses,
                dnsFailures, affinityResults,
            ]
        ),
        (
            "TLS to upstreams",
            [
                upstreamHandshakes, upstreamHandshakesFailed, upstreamResumptions, upstreamHandshakeDuration,
                upstreamCertificateExpiry, upstreamCertificateChanges, upstreamSessions, upstreamSessionBytes,
                upstreamSessionsEvicted, upstreamSessionsLeftOut,
            ]
        ),
        (
            "Certificates",
            [
                certificateExpiry, authorityExpiry, revocationUpdate, stapleUpdate, certificateReloads, stapleReloads,
            ]
        ),
        ("Administration", [adminConnectionsDisplaced]),
        (
            "Process",
            [
                buildInfo, ownPartsInUse, memoryGivenBack, workers, configurationReloads,
                logLinesDropped, logQueueDepth,
                metricSeriesDropped, processCPU, processDescriptors, processDescriptorLimit, processVirtualMemory,
                processResidentMemory, processStartTime, processThreads,
            ]
        ),
    ]

    /// Every family, in the order of the exposition.
    package static let all: [Metric] = sections.flatMap(\.metrics)
}
