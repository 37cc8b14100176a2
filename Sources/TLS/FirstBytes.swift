/// What the first bytes of a connection say, before libssl sees them.
enum FirstBytes: Equatable {
    /// A TLS record, or an SSLv2 hello: libssl's part.
    case tls
    case http
    case somethingElse
    /// More bytes are needed to tell.
    case undecided

    /// The most bytes that are ever needed.
    static let needed = 8

    private static let methods = [
        "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH ", "PRI ",
    ].map { Array($0.utf8) }

    /// Tells what the bytes begin.
    init(_ bytes: [UInt8]) {
        guard let first = bytes.first else {
            self = .undecided
            return
        }
        switch first {
        // A handshake or an alert record of SSL 3.0 or later.
        case 22, 21:
            self = bytes.count < 2 ? .undecided : bytes[1] == 3 ? .tls : .somethingElse
        // An SSLv2 hello: a length with the high bit, then the message type client_hello (RFC 5246 E.2).
        case 0x80...:
            self = bytes.count < 3 ? .undecided : bytes[2] == 1 ? .tls : .somethingElse
        default:
            self = Self.text(bytes)
        }
    }

    private static func text(_ bytes: [UInt8]) -> FirstBytes {
        for method in methods {
            let length = min(method.count, bytes.count)
            guard bytes[..<length] == method[..<length] else { continue }
            return length == method.count ? .http : .undecided
        }
        return .somethingElse
    }
}
