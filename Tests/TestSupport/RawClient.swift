import Glibc

/// Bytes over a TCP connection to 127.0.0.1, without any TLS of our own.
package enum RawClient {
    /// Sends bytes, ends its direction, and takes everything that comes back.
    package static func answer(port: Int, to bytes: [UInt8]) -> [UInt8] {
        let descriptor = Loopback.socket()
        defer { close(descriptor) }
        guard Loopback.connect(descriptor, to: port) else { return [] }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        shutdown(descriptor, Int32(SHUT_WR))
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return answer }
            answer += buffer.prefix(count)
        }
    }
}
