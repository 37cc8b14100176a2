import Foundation
import Glibc

/// A wire on 127.0.0.1 between clients and servers: it sees which sessions the clients offer, and can put another ending
/// in the place of a client's own.
package final class WireTap: @unchecked Sendable {
    // @unchecked: what threads share is behind `lock`.
    /// What becomes of a client's close_notify, and of all that it does after it.
    package enum Goodbye: Sendable {
        case passes
        /// The close_notify passes, the client's end not before the server's.
        case passesAndWaits
        case becomesFIN
        case becomesReset
        /// Until the server has a word of its own: its goodbye. Then the client's end reaches it.
        case isWithheld
    }

    /// Where a connection leads.
    package struct Route: Sendable {
        package var port: Int
        package var goodbye: Goodbye
        package var onGoodbye: @Sendable () -> Void
        package var beforehand: @Sendable () -> Void

        /// - Parameters:
        ///   - onGoodbye: called when the client has said goodbye.
        ///   - beforehand: called when the client has come, before the server knows of it.
        package init(
            to port: Int, goodbye: Goodbye = .passes, onGoodbye: @escaping @Sendable () -> Void = {},
            beforehand: @escaping @Sendable () -> Void = {}
        ) {
            (self.port, self.goodbye, self.onGoodbye, self.beforehand) = (port, goodbye, onGoodbye, beforehand)
        }
    }

    /// Where clients find it.
    package let port: Int
    private var acceptLoop: AcceptLoop?
    private let lock = NSLock()
    private var routes: [Route] = []
    private var seen: [HelloOffer] = []

    /// Listens at once; `route` says where to.
    package init() {
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        let port = loopback(0) { address, length in
            var length = length
            guard bind(listening, address, length) == 0, listen(listening, 16) == 0 else { return 0 }
            getsockname(listening, address, &length)
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                Int(UInt16(bigEndian: $0.pointee.sin_port))
            }
        }
        precondition(port > 0, "no tap: errno \(errno)")
        self.port = port
        acceptLoop = AcceptLoop(listening) { [weak self] client in
            guard let self else {
                close(client)
                return
            }
            Thread { self.relay(client) }.start()
        }
    }

    deinit { acceptLoop?.stop(waiting: false) }

    /// Says where the next connections lead, each in its turn, and forgets what was seen.
    package func route(_ routes: [Route]) {
        lock.withLock { (self.routes, seen) = (routes, []) }
    }

    /// What each connection has offered since the last `route`.
    package var offers: [HelloOffer] { lock.withLock { seen } }

    private func relay(_ client: Int32) {
        let route = lock.withLock { routes.count > 1 ? routes.removeFirst() : routes.first }
        guard let route else {
            close(client)
            return
        }
        route.beforehand()
        let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard loopback(route.port, { connect(server, $0, $1) }) == 0 else {
            close(server)
            close(client)
            return
        }
        var wire = Wire(client: client, server: server, route: route) { offer in
            self.lock.withLock { self.seen.append(offer) }
        }
        wire.run()
    }
}

/// One connection through a tap, on a thread of its own.
private struct Wire {
    let client: Int32
    let server: Int32
    let route: WireTap.Route
    let note: (HelloOffer) -> Void
    private var pending: [UInt8] = []
    private var hasSpoken = false
    /// The client has said goodbye, and what it says now goes nowhere.
    private var isCutOff = false
    private var clientIsDone = false
    private var serverIsDone = false

    init(client: Int32, server: Int32, route: WireTap.Route, note: @escaping (HelloOffer) -> Void) {
        (self.client, self.server, self.route, self.note) = (client, server, route, note)
    }

    /// Carries bytes and endings both ways until both ways have ended.
    mutating func run() {
        while !clientIsDone || !serverIsDone {
            var waits = [
                pollfd(fd: clientIsDone ? -1 : client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: serverIsDone ? -1 : server, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&waits, 2, 30_000) > 0 else { break }
            if waits[1].revents != 0 { hearServer() }
            if waits[0].revents != 0, !clientIsDone { hearClient() }
        }
        close(client)
        close(server)
    }

    private mutating func hearServer() {
        let (bytes, isReset) = take(from: server)
        guard bytes.isEmpty else {
            put(bytes, to: client)
            if isCutOff { shutdown(server, Int32(SHUT_WR)) }
            return
        }
        serverIsDone = true
        if isReset {
            breakOff(client)
            clientIsDone = true
        } else {
            shutdown(client, Int32(SHUT_WR))
        }
    }

    private mutating func hearClient() {
        let (bytes, isReset) = take(from: client)
        guard !bytes.isEmpty else {
            clientIsDone = true
            switch route.goodbye {
            case .passes where isReset: breakOffServer()
            case .passes: shutdown(server, Int32(SHUT_WR))
            case .passesAndWaits: break
            default: if !isCutOff { sayGoodbye() }
            }
            return
        }
        pending += bytes
        while pending.count >= 5, !isCutOff {
            let count = 5 + Int(pending[3]) << 8 + Int(pending[4])
            guard pending.count >= count else { return }
            let record = Array(pending.prefix(count))
            pending.removeFirst(count)
            if !hasSpoken, let offer = HelloOffer(record: record) { note(offer) }
            hasSpoken = true
            if replacesGoodbye, isAlert(record) { sayGoodbye() } else { put(record, to: server) }
        }
    }

    /// Whether the client's goodbye does not get through.
    private var replacesGoodbye: Bool {
        switch route.goodbye {
        case .passes, .passesAndWaits: false
        case .becomesFIN, .becomesReset, .isWithheld: true
        }
    }

    /// In TLS 1.3 its two bytes are hidden behind one of type and 16 of authentication (RFC 8446 §5.2).
    private func isAlert(_ record: [UInt8]) -> Bool { record[0] == 21 || record[0] == 23 && record.count == 5 + 19 }

    private mutating func sayGoodbye() {
        isCutOff = true
        switch route.goodbye {
        case .passes, .passesAndWaits, .isWithheld: break
        case .becomesFIN: shutdown(server, Int32(SHUT_WR))
        case .becomesReset: breakOffServer()
        }
        route.onGoodbye()
    }

    private mutating func breakOffServer() {
        breakOff(server)
        serverIsDone = true
        shutdown(client, Int32(SHUT_WR))
    }

    private func take(from descriptor: Int32) -> (bytes: [UInt8], isReset: Bool) {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return (Array(buffer.prefix(max(0, count))), count < 0)
    }

    private func put(_ bytes: [UInt8], to descriptor: Int32) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private func breakOff(_ descriptor: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        // Replaces the connection by nothing, so that the number stays ours.
        let nowhere = open("/dev/null", O_RDWR)
        dup2(nowhere, descriptor)
        close(nowhere)
    }
}

private func loopback<Result>(_ port: Int, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
}
