internal import EventLoop
internal import Glibc
internal import Vocabulary

/// Listening sockets that systemd has opened for us (sd_listen_fds(3)).
struct InheritedSockets: Sendable {
    /// The first descriptor that is handed over.
    static let firstDescriptor: CInt = 3

    /// By the endpoint each is bound to; ours for as long as the process lives, as they are systemd's.
    private(set) var sockets: [Endpoint: Socket] = [:]
    /// Descriptors that are handed over but are no listening stream sockets.
    private(set) var unusable: [CInt] = []

    /// Takes over what `LISTEN_FDS` announces, if `LISTEN_PID` says that it is meant for this process.
    init(environment: [String: String], process: Int32 = getpid()) {
        guard let count = environment["LISTEN_FDS"].flatMap(CInt.init), count > 0,
            environment["LISTEN_PID"].flatMap(Int32.init) == process
        else { return }
        for descriptor in Self.firstDescriptor..<Self.firstDescriptor + min(count, 1024) {
            if let socket = Socket.inherited(descriptor), let endpoint = socket.localEndpoint {
                sockets[endpoint] = socket
            } else {
                unusable.append(descriptor)
            }
        }
    }
}
