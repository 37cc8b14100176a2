internal import RepriseEventLoop
internal import RepriseVocabulary

/// Tells systemd how the service fares (sd_notify(3)), where `NOTIFY_SOCKET` says that it wants to know.
struct ServiceNotifier: Sendable {
    private let socket: String?

    /// - Parameter environment: the process's own; without `NOTIFY_SOCKET` every call does nothing.
    init(environment: [String: String]) {
        socket = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
    }

    /// Connections are accepted, after the start or a reload.
    ///
    /// - Parameter refusal: why the reload that ends here changed nothing, for `systemctl status` to say.
    func ready(refusal: String? = nil) {
        // A line feed would begin another variable.
        let reason = refusal.map {
            $0.prefix(Self.reasonLength).split(whereSeparator: \.isNewline).joined(separator: " ")
        }
        send("READY=1\nSTATUS=Serving" + (reason.map { "; the last reload was refused: \($0)" } ?? ""))
    }

    /// A datagram holds it, and a line of `systemctl status` shows it.
    private static let reasonLength = 400

    /// A reload has begun.
    ///
    /// - Parameter now: systemd orders a reload by this clock (`Type=notify-reload`).
    func reloading(at now: Instant) {
        send("RELOADING=1\nMONOTONIC_USEC=\(now.nanoseconds / 1000)\nSTATUS=Reloading")
    }

    /// The service drains and will end.
    func stopping() {
        send("STOPPING=1\nSTATUS=Draining")
    }

    private func send(_ state: String) {
        guard let socket else { return }
        // Nobody can be told that nobody could be told.
        _ = Socket.sendDatagram(state, toUnix: socket)
    }
}
