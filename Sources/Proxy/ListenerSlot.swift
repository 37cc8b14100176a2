internal import RepriseEventLoop
internal import RepriseVocabulary

/// A listener's place in a worker: who accepts, and for which generation.
final class ListenerSlot {
    var listener: WorkerListener
    var acceptors: [Endpoint: [Acceptor]] = [:]
    /// Of all generations.
    var handshakes = HandshakeQueue()

    init(_ listener: WorkerListener) {
        self.listener = listener
    }
}
