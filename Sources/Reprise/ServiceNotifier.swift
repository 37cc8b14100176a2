internal import RepriseEventLoop
internal import RepriseVocabulary

/// Tells systemd the service's state (sd_notify(3)), if `NOTIFY_SOCKET` is set.
struct ServiceNotifier: Sendable {
    private let socket: String?

    /// - Parameter environment: the process's own; without `NOTIFY_SOCKET` every call does nothing.
    init(environment: [String: String]) {
        socket = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
    }

    /// The service accepts connections, after the start or a reload.
    ///
    /// - Parameter fault: why the reload that ends here changed nothing, for `systemctl status` to say.
    func ready(fault: String? = nil) {
        // A line feed would begin another variable.
        let reason = fault.map {
            $0.prefix(Self.reasonLength).split(whereSeparator: \.isNewline).joined(separator: " ")
        }
        send("READY=1\nSTATUS=Serving" + (reason.map { "; the last reload was refused: \($0)" } ?? ""))
    }

    /// The longest reason that fits a datagram and a line of `systemctl status`.
    private static let reasonLength = 400

    /// A reload has begun.
    ///
    /// - Parameter now: systemd orders a reload by this clock (`Type=notify-reload`).
    func reloading(at now: Instant) {
        send("RELOADING=1\nMONOTONIC_USEC=\(now.nanoseconds / 1000)\nSTATUS=Reloading")
    }

    /// The service drains and will end.
    ///
    /// - Parameter limit: how long that may take: systemd would kill it at its unit's TimeoutStopSec, if that comes first.
    func stopping(within limit: Duration) {
        let microseconds = (limit + Self.endMargin).wholeNanoseconds / 1000
        send("STOPPING=1\nSTATUS=Draining\nEXTEND_TIMEOUT_USEC=\(microseconds)")
    }

    /// What ending takes when the drain is over.
    private static let endMargin = Duration.seconds(10)

    private func send(_ state: String) {
        guard let socket else { return }
        // There is no one to report a failure to.
        _ = Socket.sendDatagram(state, toUnix: socket)
    }
}
