public import RepriseResumption
public import RepriseVocabulary

/// A connection whose handshake is done, lent for the length of a call: it cannot be stored, and so cannot outlive the
/// connection. What must outlive it is retained. An ``UpstreamRouter`` sees a full TLS 1.2 handshake just before its end.
///
/// ```swift
/// func outlined(_ connection: borrowing ConnectionView) -> String {
///     let name = connection.withSession { $0.details.serverName } ?? nil
///     return "\(connection.id) \(connection.client) \(name ?? "no name") \(connection.resumedBy.word)"
/// }
/// ```
public struct ConnectionView: ~Copyable {
    private let connection: any LentConnection
    /// What lends itself; it must not outlive the call that it was lent for.
    package var lent: any LentConnection { connection }

    package init(_ connection: any LentConnection) {
        self.connection = connection
    }

    /// Its number, as in the log.
    public var id: ConnectionID { connection.id }
    /// The name of its listener.
    public var listener: String { connection.listenerName }
    /// The client's address: as a trusted proxy's header has it (`proxy_protocol`), or else the socket's.
    public var client: Endpoint { connection.clientEndpoint }
    /// The trusted proxy whose header named the client; `nil` where none did.
    public var proxy: Endpoint? { connection.proxyEndpoint }
    /// That header, with its TLVs.
    public var proxyHeader: ProxyHeader? { connection.proxyHeader }
    /// The address that the client has connected to, also as the header has it; `nil` once the socket is closed. It may
    /// cost a system call.
    public var local: Endpoint? { connection.localEndpoint }
    /// The id of the host that serves it.
    public var host: String? { connection.hostID }
    /// What the client asked for in server_name (RFC 6066 §3), escaped to printable ASCII.
    public var serverName: String? { connection.serverName }
    /// The application protocol that was agreed on (RFC 7301), escaped to printable ASCII.
    public var applicationProtocol: String? { connection.applicationProtocol }
    /// The version that was agreed on.
    public var protocolVersion: TLSVersion? { connection.protocolVersion }
    /// The client's certificates in DER; see `SessionDetails.clientCertificates`.
    public var clientCertificates: [[UInt8]] { connection.clientCertificates }
    /// How the handshake resumed a session.
    public var resumedBy: ResumptionMeans { connection.resumedBy }
    /// The result of the client's offer to resume.
    public var outcome: ResumptionOutcome { connection.outcome }
    /// How long the handshake took, from the accept or a proxy's header on; `nil` while it is not done.
    public var handshakeDuration: Duration? { connection.handshakeDuration }
    /// All sessions that descend from the same full handshake; `nil` where the listener resumes nothing.
    public var lineage: Lineage? { connection.lineage }
    /// What the session remembers, see ``setApplicationData(_:)``; empty when it remembers nothing.
    public var applicationData: [UInt8] { connection.applicationData }
    /// The id of the upstream server that has the connection, or is being tried.
    public var server: String? { connection.server }
    /// Our end of the upstream connection, which the upstream sees as its peer; `nil` while there is none. It costs a
    /// system call.
    public var upstreamLocal: Endpoint? { connection.upstreamLocalEndpoint }

    /// Lends the session in use (SSL_get0_session(3)).
    ///
    /// - Returns: `nil` when there is none.
    public func withSession<Result, Failure: Error>(
        _ body: (borrowing SessionView) throws(Failure) -> Result
    ) throws(Failure) -> Result? {
        try connection.withSession(body)
    }

    /// The session in use, kept beyond the connection (SSL_get1_session(3)).
    ///
    /// - Returns: `nil` when there is none.
    public func retain() -> RetainedSession? { withSession { $0.retain() } }

    /// Makes the session remember a program's bytes, authenticated and in a ticket confidential, from now on through every
    /// resumption; empty bytes end it.
    ///
    /// A ticket that was sent cannot be changed, nor a session in a store that other machines share: this process adds
    /// the bytes when the client comes back, and renews the ticket. It changes a session in our own store at once.
    /// - Parameter bytes: at most `ApplicationDataError.limit`.
    public func setApplicationData(_ bytes: [UInt8]) throws(ApplicationDataError) {
        try connection.setApplicationData(bytes)
    }
}

/// What lends itself as a ``ConnectionView``, on its own loop.
package protocol LentConnection: AnyObject {
    var id: ConnectionID { get }
    var listenerName: String { get }
    var clientEndpoint: Endpoint { get }
    var localEndpoint: Endpoint? { get }
    var proxyEndpoint: Endpoint? { get }
    var proxyHeader: ProxyHeader? { get }
    var hostID: String? { get }
    var serverName: String? { get }
    var applicationProtocol: String? { get }
    var protocolVersion: TLSVersion? { get }
    var clientCertificates: [[UInt8]] { get }
    var resumedBy: ResumptionMeans { get }
    var outcome: ResumptionOutcome { get }
    var handshakeDuration: Duration? { get }
    var lineage: Lineage? { get }
    var applicationData: [UInt8] { get }
    var server: String? { get }
    var upstreamLocalEndpoint: Endpoint? { get }

    func withSession<Result, Failure: Error>(
        _ body: (borrowing SessionView) throws(Failure) -> Result
    ) throws(Failure) -> Result?
    func setApplicationData(_ bytes: [UInt8]) throws(ApplicationDataError)
    func clientCertificateHas(_ name: CertificateName) -> Bool
}
