internal import Glibc
internal import RepriseVocabulary

/// An endpoint in the form that system calls take and give.
struct SocketAddress {
    private var storage = sockaddr_storage()
    private(set) var length: socklen_t

    /// Room for an address that a system call fills in.
    init() {
        length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    }

    init(_ endpoint: Endpoint) {
        self.init()
        switch endpoint {
        case .ip(let address, let port) where address.isIPv6:
            var ipv6 = sockaddr_in6()
            ipv6.sin6_family = sa_family_t(AF_INET6)
            ipv6.sin6_port = port.bigEndian
            withUnsafeMutableBytes(of: &ipv6.sin6_addr) { bytes in
                bytes.storeBytes(of: address.high.bigEndian, toByteOffset: 0, as: UInt64.self)
                bytes.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: ipv6, as: sockaddr_in6.self) }
        case .ip(let address, let port):
            var ipv4 = sockaddr_in()
            ipv4.sin_family = sa_family_t(AF_INET)
            ipv4.sin_port = port.bigEndian
            ipv4.sin_addr.s_addr = UInt32(truncatingIfNeeded: address.low).bigEndian
            length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: ipv4, as: sockaddr_in.self) }
        case .unix(let path):
            self = SocketAddress(unixPath: path)
        }
    }

    /// A copy of an address that another library made.
    init(copying address: UnsafePointer<sockaddr>, _ length: socklen_t) {
        self.init()
        withMutablePointer { target, size in
            size.pointee = min(length, size.pointee)
            UnsafeMutableRawPointer(target).copyMemory(from: address, byteCount: Int(size.pointee))
        }
    }

    /// A Unix socket's address; a leading `@` stands for the abstract namespace's zero byte.
    init(unixPath path: String) {
        self.init()
        var unix = sockaddr_un()
        unix.sun_family = sa_family_t(AF_UNIX)
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let isAbstract = path.hasPrefix("@")
        let bytes = Array(path.utf8.prefix(Limits.unixPathBytes))
        withUnsafeMutableBytes(of: &unix) { target in
            for (index, byte) in bytes.enumerated() { target[offset + index] = byte }
            if isAbstract { target[offset] = 0 }
        }
        length = socklen_t(isAbstract ? offset + bytes.count : MemoryLayout<sockaddr_un>.size)
        withUnsafeMutableBytes(of: &storage) { $0.storeBytes(of: unix, as: sockaddr_un.self) }
    }

    /// The address family, as socket(2) takes it.
    var family: CInt { CInt(storage.ss_family) }

    /// The endpoint; `nil` for another family than ours. An unnamed Unix socket has an empty path.
    var endpoint: Endpoint? {
        withUnsafeBytes(of: storage) { bytes in
            switch family {
            case AF_INET:
                let ipv4 = bytes.loadUnaligned(as: sockaddr_in.self)
                return .ip(
                    IPAddress(ipv4: UInt32(bigEndian: ipv4.sin_addr.s_addr)), port: UInt16(bigEndian: ipv4.sin_port))
            case AF_INET6:
                let ipv6 = bytes.loadUnaligned(as: sockaddr_in6.self)
                return withUnsafeBytes(of: ipv6.sin6_addr) { address in
                    let high = UInt64(bigEndian: address.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
                    let low = UInt64(bigEndian: address.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
                    return .ip(IPAddress(ipv6High: high, low: low), port: UInt16(bigEndian: ipv6.sin6_port))
                }
            case AF_UNIX:
                let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
                let path = bytes[min(offset, Int(length))..<min(bytes.count, max(offset, Int(length)))]
                if path.count > 1, path.first == 0 {
                    return .unix(path: "@" + String(decoding: path.dropFirst(), as: UTF8.self))
                }
                return .unix(path: String(decoding: path.prefix { $0 != 0 }, as: UTF8.self))
            default:
                return nil
            }
        }
    }

    func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
        }
    }

    mutating func withMutablePointer<Result>(
        _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
    ) -> Result {
        withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                withUnsafeMutablePointer(to: &length) { body(address, $0) }
            }
        }
    }
}
