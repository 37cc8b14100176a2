internal import Glibc
internal import RepriseAdmin
internal import RepriseEventLoop
internal import RepriseVocabulary

/// Asks the administrative endpoint of a running Reprise how it is.
package enum HealthProbe {
    /// How long the answer may take.
    static let deadline = Duration.seconds(3)

    /// The answer.
    package struct Answer: Sendable {
        package let isHealthy: Bool
        package let text: String
    }

    /// Sends GET /healthz to `address` and waits for the answer.
    package static func ask(_ address: String) -> Answer {
        guard let endpoint = Endpoint(parsing: address) else {
            return Answer(isHealthy: false, text: "\"\(address)\" is no address and port")
        }
        let socket: Socket
        switch Socket.connect(to: endpoint) {
        case .connected(let made), .inProgress(let made): socket = made
        case .failed(let error): return Answer(isHealthy: false, text: "\(endpoint): \(error)")
        }
        defer { socket.close() }
        let end = Clocks.monotonic() + deadline
        guard wait(socket, for: CShort(POLLOUT), until: end), socket.pendingError == 0 else {
            return Answer(isHealthy: false, text: "\(endpoint) does not answer")
        }
        // The path of a Unix socket is no host, and would be refused as one.
        let host = if case .ip = endpoint { "\(endpoint)" } else { "localhost" }
        let request = Array("GET /healthz HTTP/1.0\r\nHost: \(host)\r\n\r\n".utf8)
        _ = socket.send(request.span.bytes)
        return judge(readAll(socket, until: end), from: endpoint)
    }

    /// Trusts no 200 alone: any web server at that address would give it.
    private static func judge(_ response: String, from endpoint: Endpoint) -> Answer {
        guard !response.isEmpty else { return Answer(isHealthy: false, text: "\(endpoint) does not answer") }
        let lines = response.split(separator: "\r\n", omittingEmptySubsequences: false)
        let head = lines.prefix { !$0.isEmpty }
        guard response.hasPrefix("HTTP/1."), head.contains("Server: \(AdminResponder.product)") else {
            return Answer(isHealthy: false, text: "\(endpoint) is not Reprise's admin endpoint")
        }
        let line = lines.dropFirst(head.count + 1).joined().prefix { !$0.isNewline }
        let isServing = head.first?.split(separator: " ").dropFirst().first == "200"
        return Answer(isHealthy: isServing && line == AdminResponder.healthy, text: String(line))
    }

    private static func readAll(_ socket: Socket, until end: Instant) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 16, wait(socket, for: CShort(POLLIN), until: end) {
            guard case .bytes(let count) = buffer.withUnsafeMutableBytes({ socket.receive(into: $0) }) else { break }
            bytes += buffer.prefix(count)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func wait(_ socket: Socket, for events: CShort, until end: Instant) -> Bool {
        var descriptor = pollfd(fd: socket.descriptor, events: events, revents: 0)
        let left = (end - Clocks.monotonic()).wholeNanoseconds / 1_000_000
        return poll(&descriptor, 1, CInt(left)) == 1
    }
}
