internal import EventLoop
internal import Vocabulary

/// A socket's bytes in both directions: what it is ready for, what waits for it, and how its stream ended. Confined to its
/// loop. It knows neither client nor upstream.
///
/// What the bytes are is its owner's: the client's are TLS records, the upstream's are plaintext.
final class Stream {
    private let socket: Socket
    private let loop: EventLoop
    private var event: LoopEvent?
    private var input = Input()
    private var output: Output
    /// Bytes that the socket has not taken.
    private(set) var pending = PendingBytes()

    private struct Input {
        /// Something is there: bytes, the end or an error.
        var isReadable = false
        /// The peer has closed its direction; bytes may be left before the end.
        var endIsKnown = false
    }

    private enum Output {
        /// It is not connected yet.
        case connecting
        /// A send may take bytes.
        case ready
        /// The last send was cut short: the socket tells when there is room.
        case full
        /// It takes no more.
        case broken(SystemErrno)
    }

    /// - Parameter isConnected: bytes can be sent at once.
    init(_ socket: Socket, on loop: EventLoop, isConnected: Bool) {
        self.socket = socket
        self.loop = loop
        output = isConnected ? .ready : .connecting
    }

    /// Begins to listen to the socket.
    ///
    /// - Throws: when epoll does not take it.
    func start(_ ready: @escaping (Readiness) -> Void) throws(EventLoopError) {
        let event = LoopEvent(.edges(of: socket), on: loop, ready)
        self.event = event
        try event.start()
    }

    // MARK: What it is ready for

    var isReadable: Bool { input.isReadable }
    var endIsKnown: Bool { input.endIsKnown }
    /// Whether a send may take bytes.
    var isWritable: Bool { if case .ready = output { true } else { false } }
    /// Why it takes no more bytes, once it has said so.
    var failure: SystemErrno? { if case .broken(let errno) = output { errno } else { nil } }

    /// Remembers what the socket is ready for.
    func note(_ readiness: Readiness) {
        if readiness.contains(.peerClosed) { input.endIsKnown = true }
        if !readiness.isDisjoint(with: [.readable, .peerClosed]) { input.isReadable = true }
        if readiness.contains(.writable), case .full = output { output = .ready }
    }

    func connected() {
        output = .ready
    }

    /// It takes no more bytes; what the peer had sent before is still there to be read, and then its end.
    func refused(_ errno: SystemErrno) {
        output = .broken(errno)
        input = Input(isReadable: true, endIsKnown: true)
        pending.removeAll()
    }

    /// It takes no more bytes, and brings none.
    func broke() {
        output = .broken(.connectionReset)
        pending.removeAll()
    }

    /// Has its owner called again in the next turn: others' turns come first.
    func again() {
        event?.activate([])
    }

    // MARK: Bytes in

    /// What one receive came to.
    enum Received {
        /// - `endIsBehind`: nothing but the peer's end is left.
        case bytes(UnsafeRawBufferPointer, endIsBehind: Bool)
        case end
        case nothing
        case broken
    }

    /// Takes what one receive brings.
    ///
    /// A short receive has emptied the socket, unless the peer's end is known to be behind it.
    func receive(into target: UnsafeMutableRawBufferPointer) -> Received {
        switch socket.receive(into: target) {
        case .bytes(let count):
            let isEmptied = count < target.count
            if isEmptied, !input.endIsKnown { input.isReadable = false }
            return .bytes(
                UnsafeRawBufferPointer(rebasing: target[..<count]), endIsBehind: isEmptied && input.endIsKnown)
        case .end:
            input = Input(isReadable: false, endIsKnown: true)
            return .end
        case .wouldBlock:
            input.isReadable = false
            return .nothing
        case .failed:
            input.isReadable = false
            return .broken
        }
    }

    // MARK: Bytes out

    /// Sends bytes behind those that wait, and keeps what the socket does not take; one send at the most.
    ///
    /// - Returns: how many bytes it took; `nil` when none were offered to it.
    @discardableResult
    func send(_ bytes: UnsafeRawBufferPointer) -> Int? {
        if case .broken = output { return nil }
        guard !pending.isEmpty else {
            guard !bytes.isEmpty else { return nil }
            guard case .ready = output else {
                pending.append(bytes)
                return nil
            }
            let sent = push(bytes)
            pending.append(UnsafeRawBufferPointer(rebasing: bytes[sent...]))
            return sent
        }
        pending.append(bytes)
        guard case .ready = output else { return nil }
        let sent = pending.withBytes { push($0) }
        // A broken socket has dropped them.
        if !pending.isEmpty { pending.removeFirst(sent) }
        return sent
    }

    /// Keeps bytes without offering them to the socket.
    func keep(_ bytes: UnsafeRawBufferPointer) {
        pending.append(bytes)
    }

    /// Takes back what waits.
    func takeBack(_ body: (UnsafeRawBufferPointer) -> Void) {
        pending.withBytes(body)
        pending.removeAll()
    }

    /// - Returns: how many bytes need not be kept: those that were taken, or all when the socket is broken.
    private func push(_ bytes: UnsafeRawBufferPointer) -> Int {
        switch socket.send(bytes) {
        case .bytes(let count):
            if count < bytes.count { output = .full }
            return count
        case .wouldBlock, .end:
            output = .full
            return 0
        case .failed(let errno):
            output = .broken(errno)
            return bytes.count
        }
    }

    // MARK: The end

    /// Ends our direction behind all that was sent.
    func shutdownWrite() { socket.shutdownWrite() }

    /// Closes the socket, by a reset if so wanted; nothing more is heard of it.
    func close(resetting: Bool = false) {
        event?.close()
        event = nil
        pending.removeAll()
        if resetting { socket.reset() } else { socket.close() }
    }

    // MARK: What costs a system call

    /// The error that waits on the socket, which asking takes away; `nil` for none.
    func pendingError() -> SystemErrno? {
        let number = socket.pendingError
        return number == 0 ? nil : SystemErrno(number)
    }

    func hasUnreadBytes() -> Bool { socket.hasUnreadBytes }
    func unacknowledgedBytes() -> Int { socket.unacknowledgedBytes }
    func roundTrip() -> Duration { socket.roundTrip }
    func localEndpoint() -> Endpoint? { socket.localEndpoint }
    func acknowledgeNow() { socket.acknowledgeNow() }
}
