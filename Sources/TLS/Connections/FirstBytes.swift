import RepriseVocabulary

/// What the first bytes of a connection are, judged before libssl sees them.
enum FirstBytes: Equatable {
    /// A TLS record, or a hello in SSLv2's form: libssl's to answer.
    case tls
    /// An HTTP request in the clear, with its method.
    case plainHTTP(method: String)
    /// A header of the PROXY protocol, which nobody awaits here.
    case proxyHeader
    case notTLS
    /// More bytes are needed.
    case undecided

    /// Judges the first bytes that came, at most ``TLSLimits/firstBytes`` of which matter.
    init(_ bytes: [UInt8]) {
        guard let first = bytes.first else {
            self = .undecided
            return
        }
        switch first {
        case 20...23: self = Self.record(bytes)
        case 0x80...: self = Self.oldHello(bytes)
        default: self = Self.text(bytes)
        }
    }

    /// A TLSPlaintext header: the type (RFC 8446 §5.1), then a version whose first byte has never changed.
    private static func record(_ bytes: [UInt8]) -> FirstBytes {
        guard bytes.count > 1 else { return .undecided }
        return bytes[1] == 3 ? .tls : .notTLS
    }

    /// A hello in SSLv2's form (RFC 5246 appendix E.2): a two-byte length with the top bit set, the type 1, and a
    /// version, which is SSLv2's own or one of TLS.
    private static func oldHello(_ bytes: [UInt8]) -> FirstBytes {
        if bytes.count > 2, bytes[2] != 1 { return .notTLS }
        guard bytes.count > 4 else { return .undecided }
        return bytes[3] == 3 || (bytes[3] == 0 && bytes[4] == 2) ? .tls : .notTLS
    }

    /// A request line (RFC 9112 §3), after the empty line that a server should pass over (§2.2).
    private static func text(_ bytes: [UInt8]) -> FirstBytes {
        switch ProxyHeader.read(bytes) {
        case .fault(.absent): break
        case .incomplete where bytes.count < ProxyHeader.tellingBytes: return .undecided
        case .incomplete, .header, .fault: return .proxyHeader
        }
        let line = bytes.drop { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
        guard bytes.count - line.count <= 2 else { return .notTLS }
        for method in methods {
            let word = Array("\(method) ".utf8)
            if line.starts(with: word) { return .plainHTTP(method: method) }
            if word.starts(with: line) { return .undecided }
        }
        return .notTLS
    }

    /// The methods of RFC 9110 and 5789, of WebDAV (RFC 4918, 3253, 5323), and the first word of HTTP/2's preface.
    private static let methods = [
        "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE", "PRI", "PROPFIND", "PROPPATCH",
        "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH",
    ]
}
