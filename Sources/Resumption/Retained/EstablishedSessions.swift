internal import Synchronization

/// The sessions that clients are given, as an asynchronous sequence: those of one connection in the order of the wire.
///
/// It holds at most ``limit`` sessions that the reader has not taken yet. It drops and counts sessions that come when
/// it is full, since no handshake waits for a reader. One reader; the sequence ends when the reader's task is
/// cancelled.
///
/// ```swift
/// let sessions = EstablishedSessions(limit: 1000)
/// var options = Server.Options()
/// options.sessions = sessions
/// let server = Server(.file("reprise.yaml"), options)
/// try await server.start()
/// for await session in sessions { print(session.details.serverName ?? "no name") }
/// ```
public final class EstablishedSessions: SessionObserver, AsyncSequence {
    public typealias Element = RetainedSession

    /// How many untaken sessions are held.
    public let limit: Int

    private let stream: AsyncStream<RetainedSession>
    private let continuation: AsyncStream<RetainedSession>.Continuation
    private let left = Atomic(0)

    /// - Parameter limit: at least one; each session that is held costs about a kilobyte.
    public init(limit: Int = 4096) {
        precondition(limit > 0, "a limit of \(limit)")
        self.limit = limit
        (stream, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(limit))
    }

    /// How many sessions came when it was full, or after the reader had stopped.
    public var leftOut: Int { left.load(ordering: .relaxed) }

    /// Holds the session for the reader, if there is room.
    public func sessionEstablished(_ session: RetainedSession) {
        if case .enqueued = continuation.yield(session) { return }
        left.wrappingAdd(1, ordering: .relaxed)
    }

    /// Ends the sequence after what it holds.
    public func finish() {
        continuation.finish()
    }

    /// The reader.
    public func makeAsyncIterator() -> AsyncStream<RetainedSession>.Iterator {
        stream.makeAsyncIterator()
    }
}

/// An observer that gets every session that a client is given.
///
/// ```swift
/// struct Names: SessionObserver {
///     let names: AsyncStream<String>.Continuation
///
///     func sessionEstablished(_ session: RetainedSession) { names.yield(session.details.serverName ?? "no name") }
/// }
/// ```
public protocol SessionObserver: Sendable {
    /// A client has been handed a session: an id, or a ticket; each ticket is one.
    ///
    /// Called on the connection's worker, once its handshake is done, in the order of the wire: it must not block.
    func sessionEstablished(_ session: RetainedSession)
}
