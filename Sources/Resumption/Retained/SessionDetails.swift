internal import RepriseTLS
public import RepriseVocabulary

/// What we know of a session and of the connection that used it.
///
/// ```swift
/// let details = session.details
/// print(details.serverName ?? "no name", details.cipher ?? "", details.applicationProtocol ?? "no ALPN")
/// if let leaf = details.clientCertificates.first { print("a client certificate of \(leaf.count) bytes") }
/// ```
public struct SessionDetails: Sendable {
    /// The version it is for.
    public let protocolVersion: TLSVersion?
    /// OpenSSL's name of the cipher or suite.
    public let cipher: String?
    /// The key-exchange group of the handshake; `nil` where there was none, as in a resumed TLS 1.2 one.
    public let group: String?
    /// What the client asked for in server_name (RFC 6066 §3), escaped to printable ASCII.
    public let serverName: String?
    /// The application protocol that was agreed on (RFC 7301), escaped to printable ASCII.
    public let applicationProtocol: String?
    /// The client's certificates in DER, from the leaf upwards: the whole chain after a full handshake, and the leaf
    /// alone after a resumed one, which is all that a session keeps. Empty when the client sent none.
    public let clientCertificates: [[UInt8]]
    /// When libssl made the session, to the second; a TLS 1.3 renewal is a new one.
    public let created: WallTime
    /// When it expires; `nil` when the client was handed nothing to resume it with.
    public let expires: WallTime?
    /// All that descends from the same full handshake, and how often it was renewed; `nil` when the listener resumes
    /// nothing.
    public let lineage: Lineage?
    /// How the handshake of this connection resumed it.
    public let resumedBy: ResumptionMeans
    /// The result of the client's offer.
    public let outcome: ResumptionOutcome
    /// What a router put into the session: only we can have written it. Empty when none did.
    public let applicationData: [UInt8]
}
