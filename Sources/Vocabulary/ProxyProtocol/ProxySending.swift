/// How a server is told who the client is: by which version of the PROXY protocol, if any.
///
/// ```swift
/// var route = Route.group("mail")
/// route.sendProxy = .v1
/// print(ProxyProtocolVersion.allCases.map(\.word))  // ["off", "v1", "v2"]
/// ```
public enum ProxyProtocolVersion: Int, ClosedList {
    case off, v1, v2

    /// The heading of its words.
    public static let title = "Versions of the PROXY protocol"

    /// Its word in the configuration, and what it means.
    public var text: (word: String, meaning: String) {
        switch self {
        case .off: ("off", "The server is told nothing.")
        case .v1: ("v1", "A line with the client's address and the one that it has connected to.")
        case .v2: ("v2", "The same in binary, with what `proxy_tlvs` names.")
        }
    }
}

/// How a server is told who the client is.
package struct ProxySending: Sendable, Hashable {
    package var version = ProxyProtocolVersion.off
    /// What a header of version 2 says besides.
    package var contents: [ProxyContent] = []

    package init() {}
}

/// What a PROXY protocol header of version 2 can say besides addresses: a TLV, or several.
package enum ProxyContent: Int, ClosedList {
    case alpn, authority, tls, clientCertificate, clientCertificatePEM, uniqueID, networkNamespace, crc32c, session
    case received

    package static let title = "What PROXY protocol headers say"

    package var text: (word: String, meaning: String) {
        switch self {
        case .alpn: ("alpn", "The application protocol that was agreed on (0x01).")
        case .authority: ("authority", "The name that the client asked for in server_name (0x02).")
        case .tls:
            (
                "ssl",
                "TLS (0x20): version, cipher and group, the algorithms of the server's certificate, and whether the client has shown a certificate that was verified, with its common name."
            )
        case .clientCertificate:
            ("client_certificate", "The client's certificate in DER (0x28), within 0x20, which comes with it.")
        case .clientCertificatePEM: ("client_certificate_pem", "The client's certificate in PEM (0xE0).")
        case .uniqueID:
            ("unique_id", "A number of the connection (0x05): the one that came, or ours, which ends with the log's.")
        case .networkNamespace: ("netns", "The network namespace (0x30), where a proxy before us has named one.")
        case .crc32c: ("crc32c", "A checksum of the whole header (0x03).")
        case .session:
            (
                "session",
                "The session's lineage (0xE4), how it was resumed (0xE5), how often (0xE6), and why the one that was offered was not (0xE7)."
            )
        case .received:
            ("received", "The other TLVs that a proxy before us has sent, but none of the numbers above.")
        }
    }

    /// Whether what a proxy before us has sent of that kind is not passed on: servers take it for our own word.
    package static func isOurs(_ kind: ProxyTLV.Kind) -> Bool {
        switch kind {
        // These are about one connection or one header, or have a word of their own.
        case .alpn, .authority, .crc32c, .noop, .tls, .uniqueID, .networkNamespace: true
        case .clientCertificatePEM, .lineage, .resumed, .renewals, .reason: true
        // It belongs within 0x20.
        case ProxyTLV.Kind(rawValue: ProxyTLS.Part.clientCertificate.rawValue): true
        default: false
        }
    }
}
