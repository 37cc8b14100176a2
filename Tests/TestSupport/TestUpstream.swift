import Foundation
import Glibc

/// A server on 127.0.0.1 that does with each connection what a test says; each on a thread of its own.
package final class TestUpstream: @unchecked Sendable {
    // @unchecked: what threads share is behind `lock`.
    /// Where it listens.
    package let port: UInt16
    private var acceptLoop: AcceptLoop?
    private let lock = NSLock()
    private var count = 0
    private var ends: [Peer.Received] = []

    /// Listens at once.
    ///
    /// - Parameter kernelBuffer: how many bytes the kernel holds for it in each direction; `nil` for its own choice.
    package init(kernelBuffer: Int32? = nil, _ serve: @escaping @Sendable (Peer) -> Void) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        if var bytes = kernelBuffer {
            // What it accepts inherits these.
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, 4)
            setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &bytes, 4)
            // As on a real network: on loopback's segments of 64 KiB the peer's kernel bases a buffer of megabytes.
            var segment: Int32 = 1400
            setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_MAXSEG, &segment, 4)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 4096) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        precondition(bound, "no upstream: errno \(errno)")
        port = UInt16(bigEndian: address.sin_port)
        acceptLoop = AcceptLoop(descriptor) { [weak self] client in
            self?.lock.withLock { self?.count += 1 }
            Thread { serve(Peer(client)) }.start()
        }
    }

    /// Sends back what comes, and ends when the client does.
    package static func echo(kernelBuffer: Int32? = nil) -> TestUpstream {
        TestUpstream(kernelBuffer: kernelBuffer) { peer in
            peer.sendBackAll()
            peer.close()
        }
    }

    /// Answers one HTTP request with a body and closes.
    package static func http(_ body: String) -> TestUpstream {
        TestUpstream { peer in
            var request = ""
            while !request.contains("\r\n\r\n"), case .bytes(let bytes) = peer.receive() {
                request += String(decoding: bytes, as: UTF8.self)
            }
            peer.send(
                Array("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)".utf8))
            peer.close()
        }
    }

    /// Reads to the end and notes how it came.
    package static func recorder() -> TestUpstream {
        let holder = Holder()
        let upstream = TestUpstream { peer in
            var all: [UInt8] = []
            while true {
                switch peer.receive() {
                case .bytes(let bytes): all += bytes
                case .end: holder.upstream?.note(.bytes(all), .end); return peer.close()
                case .reset: holder.upstream?.note(.bytes(all), .reset); return peer.close()
                }
            }
        }
        holder.upstream = upstream
        return upstream
    }

    private final class Holder: @unchecked Sendable {
        // @unchecked: written once, before a client can know the port.
        weak var upstream: TestUpstream?
    }

    fileprivate func note(_ events: Peer.Received...) {
        lock.withLock { ends += events }
    }

    /// What a recorder saw: bytes and end of each connection, in order of ending.
    package var recorded: [Peer.Received] { lock.withLock { ends } }
    /// How many connections were accepted.
    package var accepted: Int { lock.withLock { count } }

    /// Stops listening: the port refuses from now on.
    package func stop() { acceptLoop?.stop() }

    /// One accepted connection, with blocking calls.
    package struct Peer: Sendable {
        private let owned: Descriptor
        private var descriptor: Int32 { owned.number }

        fileprivate init(_ descriptor: Int32) { owned = Descriptor(descriptor) }

        /// What a receive came to.
        package enum Received: Sendable, Equatable {
            case bytes([UInt8])
            case end
            case reset
        }

        package func receive(_ most: Int = 65536) -> Received {
            var buffer = [UInt8](repeating: 0, count: most)
            let count = recv(descriptor, &buffer, most, 0)
            if count > 0 { return .bytes(Array(buffer.prefix(count))) }
            return count == 0 ? .end : .reset
        }

        /// Sends back what comes, up to the end; without arrays, so that a thousand peers can do it at once.
        package func sendBackAll() {
            withUnsafeTemporaryAllocation(byteCount: 16 << 10, alignment: 1) { buffer in
                while let start = buffer.baseAddress {
                    let count = recv(descriptor, start, buffer.count, 0)
                    guard count > 0 else { return }
                    var sent = 0
                    while sent < count {
                        let more = Glibc.send(
                            descriptor, start + sent, count - sent, Int32(MSG_NOSIGNAL))
                        guard more > 0 else { return }
                        sent += more
                    }
                }
            }
        }

        @discardableResult
        package func send(_ bytes: [UInt8]) -> Bool {
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }

        /// How many bytes the peer's program has yet to take out of its kernel, all that was sent having arrived there.
        ///
        /// `nil` when the kernel's table leaves the connection out, as it may while others come and go.
        package var unreadByPeer: Int? {
            _ = eventually {
                var unsent: Int32 = 0
                return ioctl(descriptor, UInt(TIOCOUTQ), &unsent) == 0 && unsent == 0
            }
            let (near, far) = (name(getsockname), name(getpeername))
            let table = (try? String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)) ?? ""
            let fields = table.split(separator: "\n").map { $0.split(separator: " ") }
            let queues = fields.first { $0.count > 4 && $0[1] == far && $0[2] == near }?[4]
            return queues.flatMap { Int($0.split(separator: ":")[1], radix: 16) }
        }

        /// An end of the connection as /proc/net/tcp writes it.
        private func name(
            _ end: (Int32, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
        ) -> String {
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            _ = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { end(descriptor, $0, &length) }
            }
            let port = String(UInt16(bigEndian: address.sin_port), radix: 16, uppercase: true)
            return "0100007F:" + String(repeating: "0", count: 4 - port.count) + port
        }

        package func shutdownWrite() { shutdown(descriptor, Int32(SHUT_WR)) }
        package func close() { owned.close() }

        package func reset() {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
            // At once: a program that is being started has all that was open when it was forked, until it has closed it.
            var nobody = sockaddr(
                sa_family: sa_family_t(AF_UNSPEC), sa_data: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
            connect(descriptor, &nobody, socklen_t(MemoryLayout<sockaddr>.size))
            owned.close()
        }
    }

    /// A number that is nobody else's for as long as a peer has it: a thread that still shuts a closed one down would
    /// otherwise shut down whatever connection has got the number since.
    private final class Descriptor: Sendable {
        private static let nowhere = open("/dev/null", O_RDWR | O_CLOEXEC)
        let number: Int32

        init(_ number: Int32) { self.number = number }
        deinit { Glibc.close(number) }

        /// Closes what is behind the number.
        func close() { dup2(Self.nowhere, number) }
    }
}
