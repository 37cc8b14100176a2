internal import RepriseMetrics
internal import RepriseResumption
internal import RepriseTLS
internal import RepriseVocabulary

/// The fields of a connection's line in the log, in their order (docs/logs.md).
enum ConnectionFields {
    static func of(_ record: ConnectionRecord, listener: String) -> [(String, LogValue)] {
        var fields: [(String, LogValue)] = []
        fields.reserveCapacity(32)
        fields.append(("connection", .int(Int64(clamping: record.id.value))))
        fields.append(("client", .endpoint(record.client)))
        if let proxy = record.proxy { fields.append(("proxy", .endpoint(proxy.endpoint))) }
        fields.append(("listener", .string(listener)))
        if let summary = record.summary { addTLS(summary, &fields) }
        if let certificate = record.certificate { addCertificate(certificate, &fields) }
        if case .refused(let reason) = record.resumption {
            fields.append(("not_resumed", .string(reason.word)))
            if let refused = record.refusedSession { addRefused(refused, &fields) }
        }
        if let lineage = record.lineage { fields.append(("lineage", .string(lineage.id.description))) }
        if let failure = record.failure { fields.append(("cause", .string(failure.description))) }
        if let server = record.server { fields.append(("upstream", .string(server))) }
        if let tls = record.upstreamTLS { addUpstreamTLS(tls, &fields) }
        if let affinity = record.affinity { fields.append(("affinity", .string(affinity.word))) }
        fields.append(("bytes_received", .int(Int64(clamping: record.bytesFromClient))))
        fields.append(("bytes_sent", .int(Int64(clamping: record.bytesToClient))))
        if record.failure == nil, let handshake = record.times.handshakeEnded {
            fields.append(("handshake_ms", milliseconds(handshake - record.times.handshakeBegan)))
        }
        if let connected = record.times.connected {
            fields.append(("connect_ms", milliseconds(connected - record.times.connectStarted)))
        }
        if let ended = record.times.ended { fields.append(("total_ms", milliseconds(ended - record.times.accepted))) }
        if let ending = record.book.ending { fields.append(("ending", .string(ending.description))) }
        let later = record.book.later.words + (record.detail.map { [$0] } ?? [])
        if !later.isEmpty { fields.append(("detail", .string(later.joined(separator: "; ")))) }
        return fields
    }

    private static func addUpstreamTLS(
        _ tls: ConnectionRecord.UpstreamTLS, _ fields: inout [(String, LogValue)]
    ) {
        if let version = tls.version { fields.append(("upstream_protocol", .string(version.description))) }
        fields.append(("upstream_resumed", .string(tls.means.word)))
        if tls.means == .no { fields.append(("upstream_not_resumed", .string(tls.resumption.word))) }
    }

    private static func addRefused(_ refused: RefusedSession, _ fields: inout [(String, LogValue)]) {
        fields.append(("offered_lineage", .string(refused.lineage.id.description)))
        if let host = refused.hostID { fields.append(("offered_host", .string(host))) }
        if let late = refused.late { fields.append(("late_s", .int(late.components.seconds))) }
    }

    private static func addCertificate(_ certificate: ShownCertificate, _ fields: inout [(String, LogValue)]) {
        fields.append(("client_subject", .string(certificate.subject)))
        if !certificate.names.isEmpty {
            fields.append(("client_names", .string(certificate.names.joined(separator: ","))))
        }
        fields.append(("client_serial", .string(certificate.serial)))
    }

    private static func addTLS(_ summary: HandshakeSummary, _ fields: inout [(String, LogValue)]) {
        if let name = summary.serverName { fields.append(("sni", .string(name))) }
        if let host = summary.hostID { fields.append(("host", .string(host))) }
        guard let version = summary.version else { return }
        fields.append(("protocol", .string(version.description)))
        if let cipher = summary.cipher { fields.append(("cipher", .string(cipher))) }
        if let group = summary.group { fields.append(("group", .string(group))) }
        if let alpn = summary.alpn { fields.append(("alpn", .string(alpn))) }
        fields.append(("resumed", .string(summary.resumed.word)))
    }

    /// Milliseconds with three decimals: what a duration in a log needs.
    private static func milliseconds(_ duration: Duration) -> LogValue {
        .double(Double(duration.wholeNanoseconds / 1000) / 1000)
    }
}

extension ConnectionFault {
    /// The ending of a connection that broke this way.
    var ending: Ending {
        switch self {
        case .alertReceived(let alert, _): .alertReceived(alert)
        case .alertSent(let alert, _): .alertSent(alert)
        case .error: .alertSent(.internalError)
        }
    }
}

extension HandshakeFault {
    /// The ending of a connection whose handshake failed this way.
    var ending: Ending {
        switch cause {
        case .alertReceived(let alert): .alertReceived(alert)
        default: cause.isPlainHTTP ? .refused : alertSent.map(Ending.alertSent) ?? .refused
        }
    }

    /// Whether the bytes ready to be sent answer the client: a client that sent an alert wants no answer.
    var isAnswered: Bool { if case .alertReceived = cause { false } else { true } }
}

extension HandshakeFailure {
    var isPlainHTTP: Bool { self == .plainHTTP }
}
