/// A type-length-value of a PROXY protocol header of version 2 (proxy-protocol.txt, section 2.2).
///
/// ```swift
/// let note = ProxyTLV(ProxyTLV.Kind(rawValue: 0xe9), "tenant-7")
/// print(note.value.count)  // 8
/// ```
public struct ProxyTLV: Sendable, Hashable {
    /// What the value is.
    ///
    /// ```swift
    /// let tenant = ProxyTLV.Kind(rawValue: 0xe9)
    /// let standard: [ProxyTLV.Kind] = [.alpn, .authority, .uniqueID]
    /// print(standard.contains(tenant))  // false
    /// ```
    public struct Kind: RawRepresentable, Sendable, Hashable {
        /// The number of its type: 0xE0 to 0xEF are for custom ones.
        public let rawValue: UInt8

        /// The kind of that number.
        public init(rawValue: UInt8) { self.rawValue = rawValue }

        /// The application protocol that was agreed on (PP2_TYPE_ALPN).
        public static let alpn = Kind(rawValue: 0x01)
        /// The host name that the client asked for (PP2_TYPE_AUTHORITY).
        public static let authority = Kind(rawValue: 0x02)
        /// The CRC-32C of the whole header (PP2_TYPE_CRC32C).
        public static let crc32c = Kind(rawValue: 0x03)
        /// Padding (PP2_TYPE_NOOP).
        public static let noop = Kind(rawValue: 0x04)
        /// The sender's number of the connection, at most 128 bytes (PP2_TYPE_UNIQUE_ID).
        public static let uniqueID = Kind(rawValue: 0x05)
        /// What is known of the client's TLS, see ``ProxyTLS`` (PP2_TYPE_SSL).
        public static let tls = Kind(rawValue: 0x20)
        /// The network namespace (PP2_TYPE_NETNS).
        public static let networkNamespace = Kind(rawValue: 0x30)
        /// The client's certificate in PEM: hitch's custom type.
        public static let clientCertificatePEM = Kind(rawValue: 0xe0)
        /// Reprise's own: the lineage of the session, as the log has it.
        public static let lineage = Kind(rawValue: 0xe4)
        /// Reprise's own: how the session was resumed, a word of ``ResumptionMeans``.
        public static let resumed = Kind(rawValue: 0xe5)
        /// Reprise's own: how often the lineage was resumed, four bytes in network order.
        public static let renewals = Kind(rawValue: 0xe6)
        /// Reprise's own: why the session that was offered was not resumed, a word of ``ResumptionRefusal``.
        public static let reason = Kind(rawValue: 0xe7)
    }

    /// What the value is.
    public var kind: Kind
    /// The value, at most 65,535 bytes.
    public var value: [UInt8]

    /// A TLV of those bytes.
    public init(_ kind: Kind, _ value: [UInt8]) {
        (self.kind, self.value) = (kind, value)
    }

    /// A TLV of that text.
    public init(_ kind: Kind, _ text: String) {
        self.init(kind, Array(text.utf8))
    }

    /// Its kind and its length.
    package static let headBytes = 3

    /// Reads one after the other.
    ///
    /// - Returns: `nil` when a length says more than there is.
    static func read(_ bytes: ArraySlice<UInt8>) -> [ProxyTLV]? {
        var (rest, found): (ArraySlice<UInt8>, [ProxyTLV]) = (bytes, [])
        while let kind = rest.first {
            guard rest.count >= 3 else { return nil }
            let count = Int(rest[rest.startIndex + 1]) << 8 | Int(rest[rest.startIndex + 2])
            rest = rest.dropFirst(3)
            guard rest.count >= count else { return nil }
            found.append(ProxyTLV(Kind(rawValue: kind), Array(rest.prefix(count))))
            rest = rest.dropFirst(count)
        }
        return found
    }

    /// - Precondition: the value has at most 65,535 bytes.
    func append(to bytes: inout [UInt8]) {
        precondition(value.count <= Int(UInt16.max), "\(value.count) bytes in a TLV")
        bytes += [kind.rawValue, UInt8(value.count >> 8), UInt8(value.count & 0xff)]
        bytes += value
    }
}

/// What a PROXY protocol header says of the client's TLS (PP2_TYPE_SSL).
///
/// ```swift
/// func hasProvenItself(_ header: ProxyHeader) -> Bool {
///     guard let tls = header.tls else { return false }
///     return tls.hasCertificateInSession && tls.verifyResult == 0
/// }
/// ```
public struct ProxyTLS: Sendable, Hashable {
    /// What the values within it are.
    ///
    /// ```swift
    /// func commonName(_ tls: ProxyTLS) -> String? {
    ///     tls[ProxyTLS.Part.commonName].map { String(decoding: $0, as: UTF8.self) }
    /// }
    /// ```
    public enum Part: UInt8, Sendable {
        /// `TLSv1.3` (PP2_SUBTYPE_SSL_VERSION).
        case version = 0x21
        /// The common name of the client's certificate (PP2_SUBTYPE_SSL_CN).
        case commonName = 0x22
        /// The cipher's name in OpenSSL's words (PP2_SUBTYPE_SSL_CIPHER).
        case cipher = 0x23
        /// What the server's certificate is signed with (PP2_SUBTYPE_SSL_SIG_ALG).
        case signatureAlgorithm = 0x24
        /// The server's certificate's kind of key, such as `EC256` (PP2_SUBTYPE_SSL_KEY_ALG).
        case keyAlgorithm = 0x25
        /// The group of the key exchange (PP2_SUBTYPE_SSL_GROUP).
        case group = 0x26
        /// The client's certificate in DER (PP2_SUBTYPE_SSL_CLIENT_CERT).
        case clientCertificate = 0x28
    }

    /// Its flags and the verify result.
    package static let headBytes = 5

    /// Whether the client has come over TLS (PP2_CLIENT_SSL).
    public var isTLS: Bool
    /// Whether it has shown a certificate on this connection (PP2_CLIENT_CERT_CONN).
    public var hasCertificateOnConnection: Bool
    /// Whether it has shown one in the session in use, be it on an earlier connection (PP2_CLIENT_CERT_SESS).
    public var hasCertificateInSession: Bool
    /// 0 when a certificate was shown and verified.
    public var verifyResult: UInt32
    /// What else is said, in its order.
    public var parts: [ProxyTLV]

    /// What is said of a client.
    public init(
        isTLS: Bool = true, hasCertificateOnConnection: Bool = false, hasCertificateInSession: Bool = false,
        verifyResult: UInt32 = 0, parts: [ProxyTLV] = []
    ) {
        (self.isTLS, self.verifyResult, self.parts) = (isTLS, verifyResult, parts)
        self.hasCertificateOnConnection = hasCertificateOnConnection
        self.hasCertificateInSession = hasCertificateInSession
    }

    /// A part's value; `nil` when it is not there.
    public subscript(part: Part) -> [UInt8]? { parts.first { $0.kind.rawValue == part.rawValue }?.value }

    /// Reads the value of a TLV.
    ///
    /// - Returns: `nil` for one that is too short, or whose parts' lengths say more than there is.
    public init?(_ value: [UInt8]) {
        guard value.count >= 5, let parts = ProxyTLV.read(value[5...]) else { return nil }
        let verify = value[1...4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        self.init(
            isTLS: value[0] & 1 != 0, hasCertificateOnConnection: value[0] & 2 != 0,
            hasCertificateInSession: value[0] & 4 != 0, verifyResult: verify, parts: parts)
    }

    /// The TLV.
    package var tlv: ProxyTLV {
        var value: [UInt8] = [
            (isTLS ? 1 : 0) | (hasCertificateOnConnection ? 2 : 0) | (hasCertificateInSession ? 4 : 0)
        ]
        withUnsafeBytes(of: verifyResult.bigEndian) { value.append(contentsOf: $0) }
        for part in parts { part.append(to: &value) }
        return ProxyTLV(.tls, value)
    }
}
