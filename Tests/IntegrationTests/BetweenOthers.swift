import Foundation
import RepriseTestSupport

/// A Reprise between another's server and a client with an address that it cannot have got from anywhere but a header.
enum BetweenOthers {
    static let client = "192.0.2.1:51000"
    /// What a balancer in front says of that client.
    static let header = Array("PROXY TCP4 192.0.2.1 198.51.100.7 51000 443\r\n".utf8)
    /// The same of a client that it does not know.
    static let unknown = Array("PROXY UNKNOWN\r\n".utf8)
    /// The same of a client with IPv6.
    static let headerOfIPv6 = Array("PROXY TCP6 2001:db8::1 2001:db8::2 51000 443\r\n".utf8)
    static let allTLVs = """
        proxy_tlvs: [alpn, authority, ssl, client_certificate, client_certificate_pem, unique_id, netns, crc32c,\
         session, received]
        """

    /// Starts a Reprise that demands a header, and sends one as `group` says.
    static func reprise(
        to port: Int, _ group: String, trusted: String = "127.0.0.1", hosts: String? = nil,
        folder: URL = RepriseProcess.temporaryFolder()
    ) throws -> RepriseProcess {
        var configuration = TestConfiguration()
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
        configuration.listener = "proxy_protocol: required\n    trusted_proxies: [\"\(trusted)\"]"
        configuration.servers = ["\"127.0.0.1:\(port)\""]
        configuration.group = group
        if let hosts { configuration.hosts = hosts }
        return try configuration.start(folder: folder)
    }

    /// What a server answers to that client, or to another that `header` names.
    static func answer(
        _ reprise: RepriseProcess, _ options: MemoryClient.Options = .init(serverName: "localhost"),
        after header: [UInt8] = header, to request: String = "GET / HTTP/1.0\r\n\r\n"
    ) throws -> String {
        let client = try SocketClient(
            port: reprise.port(), options, after: [header], sending: Array(request.utf8))
        return client.text()
    }
}

extension SocketClient {
    /// What comes, up to a text or to the end.
    func text(until end: String? = nil) -> String {
        var all = ""
        do {
            while end.map({ !all.contains($0) }) ?? true {
                if let bytes = try tls.read() {
                    // The end of TLS.
                    if bytes.isEmpty { break }
                    all += String(decoding: bytes, as: UTF8.self)
                } else if !takeIn() {
                    break
                }
            }
        } catch {
            all += "<\(error)>"
        }
        return all
    }

    func say(_ text: String) throws {
        try tls.write(Array(text.utf8))
        flush()
    }
}
