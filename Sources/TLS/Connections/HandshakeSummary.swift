package import RepriseVocabulary

/// What was asked for and agreed in a handshake, as far as it is known.
package struct HandshakeSummary: Sendable, Hashable {
    package typealias Resumption = ResumptionMeans

    /// What the client asked for in server_name, escaped to printable ASCII; `nil` when it named none.
    package var serverName: String?
    /// The host that was chosen.
    package var hostID: String?
    package var version: TLSVersion?
    /// OpenSSL's name of the cipher or suite.
    package var cipher: String?
    /// The key-exchange group; `nil` where there was none.
    package var group: String?
    /// What the group rests on.
    package var groupClass: GroupClass { GroupClass(name: group) }
    /// What the server signed with; `nil` for a resumed session, which needs no signature.
    package var signatureAlgorithm: String?
    /// The application protocol, escaped to printable ASCII.
    package var alpn: String?
    package var resumed = Resumption.no

    package init() {}
}
