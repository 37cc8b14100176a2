import Glibc

/// A `MemoryClient` over a blocking TCP connection to 127.0.0.1, for what no ready-made client can be told to do.
package final class SocketClient {
    /// The TLS end.
    package let tls: MemoryClient
    private let descriptor: Int32

    /// Connects and completes the handshake.
    ///
    /// - Parameters:
    ///   - preamble: leaves before TLS, each in a send of its own; the last together with the ClientHello.
    ///   - sending: leaves together with the client's Finished, in one segment if it is short.
    /// - Throws: when the server does not take the connection, or the handshake fails.
    package init(
        port: Int, _ options: MemoryClient.Options = .init(serverName: "localhost"), after preamble: [[UInt8]] = [],
        sending: [UInt8] = []
    ) throws {
        tls = try MemoryClient(options)
        descriptor = Loopback.socket()
        guard Loopback.connect(descriptor, to: port) else { throw Failure.notConnected(errno) }
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, [Int32(1)], 4)
        for bytes in preamble.dropLast() { push(bytes) }
        var first = preamble.last ?? []
        while try !tls.handshake() {
            push(first + tls.takeOutput())
            first = []
            guard takeIn() else { throw Failure.ended(errno: errno) }
        }
        if !sending.isEmpty { try tls.write(sending) }
        flush()
    }

    /// Connects, and takes the handshake as far as the client's own last bytes, without an answer to them.
    package init(port: Int, leftWaiting options: MemoryClient.Options) throws {
        tls = try MemoryClient(options)
        descriptor = Loopback.socket()
        guard Loopback.connect(descriptor, to: port) else { throw Failure.notConnected(errno) }
        try tls.handshake()
        flush()
        repeat {
            guard takeIn() else { throw Failure.ended(errno: errno) }
            try tls.handshake()
        } while flush() == 0
    }

    /// Connects, has a byte echoed, and holds what came with it: tickets too.
    package static func echoed(
        port: Int, _ options: MemoryClient.Options = .init(serverName: "localhost"), after preamble: [[UInt8]] = []
    ) throws -> SocketClient {
        let client = try SocketClient(port: port, options, after: preamble)
        try client.tls.write([7])
        client.flush()
        while (try? client.tls.read()) == .some(nil), client.takeIn() {}
        return client
    }

    deinit { close(descriptor) }

    /// What went wrong.
    package enum Failure: Error {
        case notConnected(Int32)
        /// Before the handshake was complete; 0 without an error, EAGAIN after a long silence.
        case ended(errno: Int32)
    }

    /// Sends what the TLS end has to say.
    ///
    /// - Returns: how many bytes that is.
    @discardableResult
    package func flush() -> Int {
        let output = tls.takeOutput()
        push(output)
        return output.count
    }

    private func push(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
    }

    /// Waits for bytes and hands them to the TLS end.
    ///
    /// - Returns: whether any came before the end, a reset or a long silence.
    package func takeIn() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        errno = 0
        var count = recv(descriptor, &buffer, buffer.count, 0)
        // Whatever handles a signal ends a wait that has a limit (signal(7)).
        while count < 0, errno == EINTR { count = recv(descriptor, &buffer, buffer.count, 0) }
        guard count > 0 else { return false }
        tls.receive(Array(buffer.prefix(count)))
        return true
    }

    /// Ends our direction without a word of TLS.
    package func shutdownWrite() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Breaks the connection off; nothing can be sent after it.
    package func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        // Replaces the connection by nothing, so that the number stays ours until deinit.
        let nowhere = open("/dev/null", O_RDWR)
        dup2(nowhere, descriptor)
        close(nowhere)
    }
}
