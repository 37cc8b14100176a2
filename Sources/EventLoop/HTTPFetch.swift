internal import Glibc
package import RepriseVocabulary

/// Asks a server on this machine, or close to it, for one small page by plain HTTP. It blocks: never on a worker.
package enum HTTPFetch {
    /// Why there is no answer, in words behind the address.
    package struct FetchError: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// Sends GET and reads until the server closes.
    ///
    /// - Parameters:
    ///   - deadline: how long all of it may take.
    ///   - limit: how much of the answer is taken, in bytes.
    /// - Returns: the whole answer, head and body; empty where the server says nothing.
    package static func get(
        _ path: String, from endpoint: Endpoint, deadline: Duration, limit: Int
    ) throws(FetchError) -> String {
        let socket: Socket
        switch Socket.connect(to: endpoint) {
        case .connected(let made), .inProgress(let made): socket = made
        case .failed(let error): throw FetchError(description: "\(endpoint): \(error)")
        }
        defer { socket.close() }
        let end = Clocks.monotonic() + deadline
        guard wait(socket, for: CShort(POLLOUT), until: end), socket.pendingError == 0 else {
            throw FetchError(description: "\(endpoint) does not answer")
        }
        // The path of a Unix socket is no host, and would be refused as one.
        let host = if case .ip = endpoint { "\(endpoint)" } else { "localhost" }
        let request = Array("GET \(path) HTTP/1.0\r\nHost: \(host)\r\n\r\n".utf8)
        _ = socket.send(request.span.bytes)
        return readAll(socket, until: end, limit)
    }

    private static func readAll(_ socket: Socket, until end: Instant, _ limit: Int) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count < limit, wait(socket, for: CShort(POLLIN), until: end) {
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
