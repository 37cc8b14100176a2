public import RepriseResumption
public import RepriseVocabulary

/// An observer that learns of every connection: when its handshake is done, when an upstream has it, and how it ended.
///
/// Each function is called on the connection's worker, which it must not block, in the order of a connection's life.
/// ```swift
/// struct Endings: ConnectionObserver {
///     func ended(_ report: ConnectionReport) { print(report.id, report.ending?.description ?? "-") }
/// }
/// ```
public protocol ConnectionObserver: Sendable {
    /// A handshake is done; no upstream has been chosen yet.
    func established(_ connection: borrowing ConnectionView)
    /// An upstream has taken the connection, and has been sent none of the client's bytes yet.
    func connected(_ connection: borrowing ConnectionView)
    /// The connection is over, however far it came: both sockets are closed.
    func ended(_ report: ConnectionReport)
}

extension ConnectionObserver {
    /// Does nothing.
    public func established(_ connection: borrowing ConnectionView) {}
    /// Does nothing.
    public func connected(_ connection: borrowing ConnectionView) {}
    /// Does nothing.
    public func ended(_ report: ConnectionReport) {}
}

/// A connection that is over: what its line in the log says.
///
/// ```swift
/// func isWorthALook(_ report: ConnectionReport) -> Bool {
///     report.failure != nil || report.ending == .clientFIN && report.bytesReceived == 0
/// }
/// ```
public struct ConnectionReport: Sendable {
    /// Its number, as in the log.
    public let id: ConnectionID
    /// The name of its listener.
    public let listener: String
    /// The client's address: as a trusted proxy's header has it, or else the socket's.
    public let client: Endpoint
    /// The trusted proxy whose header named the client.
    public package(set) var proxy: Endpoint?
    /// What the client asked for in server_name, escaped to printable ASCII.
    public package(set) var serverName: String?
    /// The id of the host that was chosen.
    public package(set) var host: String?
    /// The version that was agreed on; `nil` when the handshake failed.
    public package(set) var protocolVersion: TLSVersion?
    /// The application protocol that was agreed on, escaped to printable ASCII.
    public package(set) var applicationProtocol: String?
    /// How the handshake resumed a session.
    public package(set) var resumedBy = ResumptionMeans.no
    /// The result of the client's offer to resume; `nil` when the handshake neither succeeded nor failed.
    public package(set) var resumption: ResumptionOutcome.Result?
    /// The lineage of its session; `SessionContext.deny(_:at:)` ends it.
    public package(set) var lineage: Lineage?
    /// Why the handshake failed, if it did.
    public package(set) var failure: HandshakeFailure?
    /// The id of the upstream server that took the connection, or was tried last.
    public package(set) var server: String?
    /// Plaintext bytes from the client.
    public package(set) var bytesReceived: UInt64 = 0
    /// Plaintext bytes to the client.
    public package(set) var bytesSent: UInt64 = 0
    /// From the accept, or a proxy's header, to the handshake's end.
    public package(set) var handshakeDuration: Duration?
    /// From the accept to the end.
    public package(set) var duration = Duration.zero
    /// How it ended.
    public package(set) var ending: Ending?
    /// More about the ending, in the log's words.
    public package(set) var detail: String?

    package init(id: ConnectionID, listener: String, client: Endpoint) {
        self.id = id
        self.listener = listener
        self.client = client
    }
}
