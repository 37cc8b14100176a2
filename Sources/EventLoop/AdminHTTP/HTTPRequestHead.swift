/// The request line and the headers of an HTTP/1 request (RFC 9112 §3 and §5), parsed strictly.
struct HTTPRequestHead {
    let method: String
    let path: String
    let query: String?
    /// From the target where it has one, which goes before the header (RFC 9112 §3.2.2).
    let host: String?
    let headers: [(name: String, value: String)]
    /// Whether another request may follow.
    let keepsAlive: Bool
    /// Whether a body follows.
    let hasBody: Bool

    /// How many bytes the head has, the empty line included; `nil` while that has not come.
    static func length(in bytes: [UInt8]) -> Int? {
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: 10) {
            if bytes[start..<end].isEmpty || bytes[start..<end].elementsEqual([13]) { return end + 1 }
            start = end + 1
        }
        return nil
    }

    init(parsing bytes: ArraySlice<UInt8>) throws(HTTPRequestFault) {
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || [9, 10, 13].contains($0) }) else { throw .malformed }
        var lines = bytes.split(separator: 10).map { $0.last == 13 ? $0.dropLast() : $0 }
        guard !lines.isEmpty, !lines.contains(where: { $0.contains(13) }) else { throw .malformed }
        let words = lines.removeFirst().split(separator: 0x20, omittingEmptySubsequences: false).map(Self.text)
        guard words.count == 3, Self.isToken(words[0]), words[2].hasPrefix("HTTP/") else { throw .malformed }
        guard words[2] == "HTTP/1.1" || words[2] == "HTTP/1.0" else { throw .version }
        let isCurrent = words[2] == "HTTP/1.1"
        let fields = try Self.fields(lines)
        func values(_ name: String) -> [String] {
            fields.filter { $0.name.lowercased() == name }.map(\.value)
        }
        let hosts = values("host")
        guard hosts.count == 1 || hosts.isEmpty && !isCurrent else { throw .malformed }
        // Only OPTIONS may ask about the server as a whole (RFC 9112 §3.2.4).
        let isAboutServer = words[0] == "OPTIONS" && words[1] == "*"
        let target = try Self.parts(ofTarget: isAboutServer ? "/" : words[1])
        method = words[0]
        (path, query) = (target.path, target.query)
        host = target.host ?? hosts.first
        headers = fields
        let options = values("connection").flatMap { $0.lowercased().split(separator: ",") }
        keepsAlive = isCurrent && !options.contains { $0.filter { $0 != " " && $0 != "\t" } == "close" }
        hasBody = !values("transfer-encoding").isEmpty || values("content-length").contains { $0 != "0" }
    }

    private static func fields(
        _ lines: [ArraySlice<UInt8>]
    ) throws(HTTPRequestFault) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        for line in lines where !line.isEmpty {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw .malformed }
            let name = text(line[..<colon])
            guard isToken(name) else { throw .malformed }
            let blank = { (byte: UInt8) in byte == 0x20 || byte == 9 }
            let value = line[(colon + 1)...].drop(while: blank).reversed().drop(while: blank).reversed()
            fields.append((name, String(decoding: value, as: UTF8.self)))
        }
        return fields
    }

    /// Splits `/path?query`, or `http://host/path?query`.
    private static func parts(
        ofTarget target: String
    ) throws(HTTPRequestFault) -> (host: String?, path: String, query: String?) {
        var rest = target[...]
        var host: String?
        if target.lowercased().hasPrefix("http://") {
            rest = target.dropFirst(7)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            guard !authority.isEmpty else { throw .malformed }
            host = String(authority)
            rest = rest.dropFirst(authority.count)
        } else {
            guard target.hasPrefix("/") else { throw .malformed }
        }
        let path = rest.prefix { $0 != "?" }
        let query = path.endIndex < rest.endIndex ? String(rest[rest.index(after: path.endIndex)...]) : nil
        return (host, path.isEmpty ? "/" : String(path), query)
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    /// RFC 9110 §5.6.2.
    private static func isToken(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}

/// Why bytes are no request that the small HTTP server could read.
enum HTTPRequestFault: Error, CustomStringConvertible {
    /// Not strictly RFC 9112: it refuses what two programs could read differently.
    case malformed
    /// Another version than HTTP/1.
    case version
    /// More than ``HTTPServer/maximumHeaderBytes``.
    case tooLong

    /// The status of the server's answer.
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
