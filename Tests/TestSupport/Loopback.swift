import Glibc

/// TCP connections to 127.0.0.1.
package enum Loopback {
    /// A blocking socket that waits for bytes for 15 seconds at most; the caller closes it.
    package static func socket() -> Int32 {
        let descriptor = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var patience = timeval(tv_sec: 15, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        return descriptor
    }

    /// Whether somebody listens at that port and takes the connection; else `errno` says why not.
    package static func connect(_ descriptor: Int32, to port: Int) -> Bool {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        } == 0
    }

    /// Ports that nobody listens at, for programs that cannot be told to let the system choose: another may take one first.
    package static func freePorts(_ count: Int) -> [Int] {
        let sockets = (0..<count).map { _ in socket() }
        defer { sockets.forEach { close($0) } }
        return sockets.map { descriptor in
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
                }
            }
            precondition(isBound, "no port: errno \(errno)")
            return Int(UInt16(bigEndian: address.sin_port))
        }
    }
}

/// A port whose queue is full: whoever connects gets no answer, as from a machine that is not there.
package final class FullQueue: Sendable {
    package let port: Int
    /// The listening socket.
    package let listener: Int32
    private let filler: Int32

    package init() {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { [listener] pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        precondition(isBound && listen(listener, 0) == 0, "no port: errno \(errno)")
        port = Int(UInt16(bigEndian: address.sin_port))
        filler = Loopback.socket()
        precondition(Loopback.connect(filler, to: port), "the queue has no room: errno \(errno)")
    }

    deinit {
        close(filler)
        close(listener)
    }
}
