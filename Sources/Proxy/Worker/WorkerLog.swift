internal import Logging
internal import RepriseEventLoop
package import RepriseMetrics
internal import RepriseResumption
internal import RepriseRouting
internal import RepriseVocabulary

/// The lines that a worker writes to the log: one for each connection at its end, and what an operator must know.
///
/// A fault of a peer is `info` or `warning`, one of ours `error`.
package struct WorkerLog: Sendable {
    private let queue: LogQueue

    /// A log onto that queue, whose level decides what is put together at all.
    package init(_ queue: LogQueue) {
        self.queue = queue
    }

    func ended(_ listener: WorkerListener, _ record: ConnectionRecord) {
        guard queue.level <= .info, record.failure != .probe || listener.settings.logsProbes else { return }
        submit(.info, "connection closed", ConnectionFields.of(record, listener: listener.settings.name))
    }

    /// The deny list fails closed from now on.
    func denyListIsFull(_ listener: WorkerListener, upTo moment: WallTime) {
        submit(
            .error, "deny list full",
            [
                ("listener", .string(listener.settings.name)), ("domain", .string(listener.domain.name)),
                ("refused_up_to", .string(moment.description)),
            ])
    }

    /// A session was resumed against the policy; the client was refused.
    func resumptionDefect(_ listener: WorkerListener, _ record: ConnectionRecord) {
        submit(
            .error, "session resumed against the policy",
            [
                ("connection", .int(Int64(clamping: record.id.value))), ("client", .endpoint(record.client)),
                ("listener", .string(listener.settings.name)), ("domain", .string(listener.domain.name)),
            ])
    }

    func refused(_ listener: WorkerListener, _ client: Endpoint, _ limit: ListenerLimit) {
        guard queue.level <= .info else { return }
        submit(
            .info, "connection refused",
            [
                ("client", .endpoint(client)), ("listener", .string(listener.settings.name)),
                ("ending", .string(Ending.Kind.refused.word)), ("detail", .string(limit.word)),
            ])
    }

    /// A client that did not come by a trusted proxy.
    func turnedAway(_ listener: WorkerListener, _ client: Endpoint, _ cause: HandshakeFailure) {
        guard queue.level <= .info else { return }
        submit(
            .info, "connection refused",
            [
                ("client", .endpoint(client)), ("listener", .string(listener.settings.name)),
                ("cause", .string(cause.description)), ("ending", .string(Ending.Kind.refused.word)),
            ])
    }

    func connectFailed(_ listener: WorkerListener, _ record: ConnectionRecord, _ group: String, _ why: ConnectError) {
        guard queue.level <= .warning else { return }
        submit(
            .warning, "upstream connect failed",
            [
                ("connection", .int(Int64(clamping: record.id.value))), ("listener", .string(listener.settings.name)),
                ("upstream", .string(group)), ("server", .string(record.server ?? "-")),
                ("reason", .string(why.description)),
            ])
    }

    /// The router's answer leads nowhere.
    func notRouted(_ listener: WorkerListener, _ record: ConnectionRecord, _ router: String?, _ why: RoutingFailure) {
        submit(
            .warning, "not routed",
            [
                ("connection", .int(Int64(clamping: record.id.value))), ("client", .endpoint(record.client)),
                ("listener", .string(listener.settings.name)), ("router", .string(router ?? "-")),
                ("reason", .string(why.detail)),
            ])
    }

    /// A router's function has held up its worker.
    func routerStalled(_ listener: WorkerListener, _ router: String, _ took: Duration) {
        submit(
            .warning, "router blocks its worker",
            [
                ("listener", .string(listener.settings.name)), ("router", .string(router)),
                ("took_ms", .int(took.wholeNanoseconds / 1_000_000)),
            ])
    }

    func acceptPaused(_ listener: WorkerListener, _ errno: SystemErrno) {
        submit(
            .error, "accepting paused",
            [("listener", .string(listener.settings.name)), ("reason", .string("\(errno)"))])
    }

    func acceptResumed(_ listener: WorkerListener) {
        submit(.notice, "accepting again", [("listener", .string(listener.settings.name))])
    }

    private func submit(_ level: Logger.Level, _ message: String, _ fields: [(String, LogValue)]) {
        guard queue.level <= level else { return }
        queue.submit(LogEntry(time: Clocks.wall(), level: level, message: message, fields: fields))
    }
}
