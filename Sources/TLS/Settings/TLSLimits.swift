/// Limits of the TLS module that no option changes.
package enum TLSLimits {
    /// The largest certificate, key or chain file that we read.
    package static let pemFileBytes = 1 << 20
    /// The longest chain, the leaf included; libssl's own clients verify 100 at the most, real chains are 2 to 4 long.
    package static let chainCertificates = 32
    /// The most certificates that clients' certificates may lead to: a system's bundle has 150.
    package static let authorities = 4096
    /// The largest file with them.
    package static let authoritiesFileBytes = 8 << 20
    /// What the names of authorities may take in a CertificateRequest, of 64 KiB that it can hold (RFC 8446 §4.3.2).
    package static let authorityNamesBytes = 60 << 10
    /// The most distribution points of a client's certificate that we match revocation lists by.
    package static let distributionPoints = 4
    /// How many names of a client's certificate are logged.
    package static let loggedNames = 8
    /// The largest OCSP response that is stapled to every handshake.
    package static let stapleBytes = 64 << 10
    /// A certificate that expires within this many days is worth a warning.
    package static let expiryWarningDays = 14
    /// The memory an ``OutputBuffer`` keeps after it has been emptied: enough for 256 KiB and their records' headers,
    /// which a fast download writes in every turn.
    package static let keptOutputBytes = 512 << 10
    /// The longest host name in a server_name extension (RFC 1035 §2.3.4); a longer one is malformed.
    package static let serverNameBytes = 255
    /// How many bytes we look at to tell TLS from other protocols.
    package static let firstBytes = 16
    /// An ALPN protocol's name (RFC 7301 §3.1).
    package static let protocolNameBytes = 255
    /// How many pre-shared keys or tickets of one ClientHello we try; each costs an HMAC, or a lookup in the store.
    package static let identities = 8
    /// The largest session that we store: one with a client certificate has 400 to 2,000 bytes.
    package static let sessionBytes = 16 << 10
    /// The most TLS 1.3 tickets that a setting may give at one handshake.
    package static let ticketsAtOnce = 16
    /// How many a client gets that asks for more than configured (RFC 9149), after a full handshake and after a resumed
    /// one: as many as it may use at once, since each use brings a new one.
    package static let wishedTickets = 4
    package static let wishedTicketsResumed = 2
    /// The longest ClientHello, its records' headers included. Real ones have up to 2 KiB, and as much as their tickets
    /// on top; BoringSSL takes 16 KiB.
    package static let helloBytes = 32 << 10
    /// In how many records a ClientHello may come: real ones come in one, or in three to fool a middlebox; each costs
    /// libssl as much as a hundred bytes do.
    package static let helloRecords = 512
    /// A ClientHello up to this length cannot cost too much with any content: we count nothing in it.
    package static let plainHelloBytes = 1 << 10
    /// How many cipher suites a longer ClientHello may name.
    package static let helloCiphers = 512
    /// How many groups (RFC 8446 §4.2.7), and how many signature algorithms (§4.2.3) in each of the two lists.
    package static let helloGroups = 128
    package static let helloSignatureAlgorithms = 128
    /// How many key shares (RFC 8446 §4.2.8): libssl compares each with every group.
    package static let helloKeyShares = 32
    /// How many pre-shared keys (RFC 8446 §4.2.11): libssl prepares to open each.
    package static let helloIdentities = 64
    /// How many application protocols (RFC 7301 §3.1).
    package static let helloProtocols = 128
    /// How many bytes of the lists of names that libssl parses: OCSP responders (RFC 6066 §8), authorities (RFC 8446
    /// §4.2.4).
    package static let helloResponderBytes = 1 << 10
    package static let helloAuthorityBytes = 4 << 10
}
