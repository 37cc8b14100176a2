/// Why bytes are no request that the small HTTP server could read.
enum HTTPRequestFault: Error, CustomStringConvertible {
    /// Not to the letter of RFC 9112: what two programs read differently is refused.
    case malformed
    /// Another version than HTTP/1.
    case version
    /// More than ``HTTPServer/maximumHeaderBytes``.
    case tooLong

    /// What the server answers.
    var status: Int {
        switch self {
        case .malformed: 400
        case .version: 505
        case .tooLong: 431
        }
    }

    var description: String {
        switch self {
        case .malformed: "this is no HTTP/1 request"
        case .version: "only HTTP/1.0 and HTTP/1.1 are spoken here"
        case .tooLong: "the request line and its headers may have \(HTTPServer.maximumHeaderBytes) bytes"
        }
    }
}
