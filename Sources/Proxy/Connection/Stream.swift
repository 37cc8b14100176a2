internal import RepriseEventLoop
internal import RepriseTLS
internal import RepriseVocabulary

/// A duplex plaintext stream over one socket, plain or TLS: what the socket is ready for, what waits for it, one
/// receive and one send a turn, and how the peer's stream ended. Confined to its loop. It knows neither client nor
/// upstream.
///
/// Its owner calls everything that moves bytes within a turn of its ``RelayBuffers``. One receive brings bytes; if only
/// the end is known to be behind them, the same turn receives that end too, and one send carries the last bytes and
/// what follows from the end.
final class Stream {
    /// What is between the plaintext and the socket.
    enum Layer {
        case plain
        /// What TLS wants sent gathers in the output; ``flush()`` sends it.
        case tls(TLSStream, OutputBuffer)
    }

    let layer: Layer
    private let socket: Socket
    private let buffers: RelayBuffers
    private var event: LoopEvent?
    private var input = Input.quiet
    private var output: Output
    /// The turn that bytes were last sent in.
    private var lastSend = RelayBuffers.Turn.none
    /// Bytes that the socket has not taken.
    private var pending = PendingBytes()
    /// How many, at hand: every turn asks several times.
    private(set) var pendingCount = 0

    /// - Parameter isConnected: whether bytes can be sent at once.
    init(_ socket: Socket, _ layer: Layer, with buffers: RelayBuffers, isConnected: Bool) {
        self.layer = layer
        self.socket = socket
        self.buffers = buffers
        output = isConnected ? .ready : .connecting
    }

    /// Begins to listen to the socket.
    ///
    /// - Throws: when epoll does not take it.
    func start(_ ready: @escaping (Readiness) -> Void) throws(EventLoopError) {
        buffers.loop.assertConfined()
        let event = LoopEvent(.edges(of: socket), on: buffers.loop, ready)
        self.event = event
        try event.start()
    }

    // MARK: What it is ready for

    var isReadable: Bool { input.isReadable }
    /// Whether bytes wait for the socket.
    var hasPending: Bool { pendingCount > 0 }
    var endIsKnown: Bool { input.endIsKnown }
    /// How many bytes TLS has gathered in this turn.
    var gathered: Int { if case .tls(_, let output) = layer { output.count } else { 0 } }
    /// Whether a send may take bytes.
    var isWritable: Bool { if case .ready = output { true } else { false } }
    /// Why the socket takes no more bytes, once it has failed.
    var failure: SystemErrno? { if case .broken(let errno) = output { errno } else { nil } }

    /// Remembers what the socket is ready for.
    func note(_ readiness: Readiness) {
        if readiness.isPeerClosed || readiness.isReadable && input.endIsKnown {
            input = .ending
        } else if readiness.isReadable {
            input = .readable
        }
        if readiness.isWritable, case .full = output { output = .ready }
    }

    func connected() {
        output = .ready
    }

    /// It takes no more bytes; what the peer had sent before is still there to be read, and then its end.
    func refused(_ errno: SystemErrno) {
        output = .broken(errno)
        input = .ending
        dropPending()
    }

    /// It takes no more bytes, and brings none.
    func broke() {
        output = .broken(.connectionReset)
        dropPending()
    }

    /// Calls its owner again in the next turn: others' turns come first.
    func again() {
        event?.activate([])
    }

    // MARK: Bytes in

    /// Takes what one receive brings, and hands on the plaintext in it.
    ///
    /// A short receive has emptied the socket, unless the peer's end is known to be behind it.
    /// - Parameters:
    ///   - room: how many bytes are wanted.
    ///   - preamble: how many bytes stand before TLS; `nil` when there are none for TLS.
    ///   - opening: does what comes before plaintext, such as a handshake, and says whether there can be plaintext.
    ///   - wanted: whether more plaintext is wanted; the rest waits in TLS.
    ///   - take: gets the plaintext, and the end behind it. It must not receive.
    func receive(
        room: Int, preamble: (UnsafeRawBufferPointer) -> Int? = { _ in 0 }, opening: () -> Bool = { true },
        while wanted: () -> Bool, _ take: (RawSpan, End?) -> Void
    ) -> Receipt {
        var receipt = Receipt.nothing
        buffers.receiving(room: room) { target in
            let count: Int
            (receipt, count) = pull(into: target)
            let bytes = UnsafeRawBufferPointer(rebasing: target[..<count])
            switch (receipt, layer) {
            case (.nothing, _): break
            case (.bytes, .plain): take(bytes.bytes, nil)
            case (.reset, _): take(bytes.bytes, .reset)
            // The kernel reports a reset once. If a send got the report, what follows looks like a FIN.
            case (.fin, .plain): take(bytes.bytes, failure == .connectionReset ? .reset : .inOrder)
            case (.bytes, .tls(let tls, _)):
                guard let start = preamble(bytes) else { break }
                tls.lend(UnsafeRawBufferPointer(rebasing: bytes[start...]))
                decrypt(tls, opening, wanted, take)
            case (.fin, .tls(let tls, _)):
                tls.inputEnded()
                decrypt(tls, opening, wanted, take)
            }
        }
        return receipt
    }

    /// Goes on with bytes received before that TLS has not taken, because it waited for something else.
    func goOn(
        opening: () -> Bool, while wanted: () -> Bool, _ take: (RawSpan, End?) -> Void
    ) {
        guard case .tls(let tls, _) = layer else { return }
        buffers.receiving(room: 0) { _ in decrypt(tls, opening, wanted, take) }
    }

    /// Discards what one receive brings.
    func discard() -> Receipt {
        var receipt = Receipt.nothing
        buffers.receiving(room: RelayBuffers.receiveBytes) { target in (receipt, _) = pull(into: target) }
        return receipt
    }

    /// - Returns: what the receive came to, and how many bytes it brought.
    private func pull(into target: UnsafeMutableRawBufferPointer) -> (Receipt, Int) {
        switch socket.receive(into: target) {
        case .bytes(let count):
            let isEmptied = count < target.count
            if isEmptied, !input.endIsKnown { input = .quiet }
            let endIsBehind = isEmptied && input.endIsKnown
            return (.bytes(endIsBehind: endIsBehind), count)
        case .end:
            input = .ended
            return (.fin, 0)
        case .wouldBlock:
            input = input.endIsKnown ? .ended : .quiet
            return (.nothing, 0)
        case .failed:
            input = input.endIsKnown ? .ended : .quiet
            return (.reset, 0)
        }
    }

    /// Reads all plaintext there is into the worker's buffer, and hands it on before the lent bytes are taken back.
    private func decrypt(
        _ tls: TLSStream, _ opening: () -> Bool, _ wanted: () -> Bool,
        _ take: (RawSpan, End?) -> Void
    ) {
        defer { tls.endTurn() }
        guard opening() else { return }
        let plaintext = buffers.plaintext
        var (count, end): (Int, End?) = (0, nil)
        reading: while wanted(), count < plaintext.count {
            switch tls.read(into: UnsafeMutableRawBufferPointer(rebasing: plaintext[count...])) {
            case .bytes(let read):
                count += read
                // Asking libssl once more would cost as much as a small record does.
                if tls.hasReadAll, count < plaintext.count { break reading }
            case .wantsInput: break reading
            case .closeNotify: end = .inOrder
            case .truncated: end = .truncated
            case .failed(let fault): end = .broken(fault)
            }
            if end != nil { break }
        }
        take(UnsafeRawBufferPointer(rebasing: plaintext[..<count]).bytes, end)
    }

    // MARK: Bytes out

    /// Hands plaintext over: to the socket at once, or to TLS, whose records ``flush()`` sends.
    ///
    /// - Returns: what broke the stream, if that shows now.
    func write(_ plaintext: RawSpan) -> End? {
        switch layer {
        case .plain:
            send(plaintext)
            return failure == nil ? nil : .reset
        case .tls(let tls, _):
            if case .failed(let fault) = tls.write(plaintext) { return .broken(fault) }
            return nil
        }
    }

    /// Sends what TLS has gathered, behind what waits; one send at the most.
    ///
    /// - Returns: how many bytes the socket took; `nil` when none were offered to it.
    @discardableResult
    func flush() -> Int? {
        switch layer {
        case .plain: return send(RawSpan())
        case .tls(_, let gathered):
            defer { gathered.removeAll() }
            return gathered.withBytes { send($0) }
        }
    }

    /// In TLS, puts the close_notify behind all that was written, so that it is sent along with that. A plain stream's
    /// FIN needs no room, and is sent when nothing waits (``endWriting()``).
    func endBehindWhatWaits() {
        if case .tls(let tls, _) = layer { tls.sendCloseNotify() }
    }

    /// Ends our direction properly (close_notify or FIN); on a plain stream nothing may wait.
    func endWriting() {
        switch layer {
        case .plain: socket.shutdownWrite()
        case .tls(let tls, _): tls.sendCloseNotify()
        }
    }

    /// Sends bytes behind those that wait, and keeps what the socket does not take; one send at the most.
    ///
    /// - Returns: how many bytes it took; `nil` when none were offered to it.
    @discardableResult
    private func send(_ bytes: RawSpan) -> Int? {
        buffers.loop.assertConfined()
        if case .broken = output { return nil }
        guard hasPending else {
            guard !bytes.isEmpty else { return nil }
            guard case .ready = output else {
                keep(bytes)
                return nil
            }
            let sent = push(bytes)
            if sent < bytes.byteCount { keep(bytes.extracting(sent...)) }
            return sent
        }
        keep(bytes)
        guard case .ready = output else { return nil }
        let sent = pending.withBytes { push($0) }
        // A broken socket has dropped them.
        if hasPending {
            pending.removeFirst(sent)
            pendingCount = pending.count
        }
        return sent
    }

    /// The same for what came before there was a connection: ``flush()`` sends it, on a plain stream too.
    ///
    /// - Returns: what broke the stream, if that shows now.
    func gather(_ plaintext: RawSpan) -> End? {
        if case .tls = layer { return write(plaintext) }
        keep(plaintext)
        return nil
    }

    /// Keeps bytes without offering them to the socket.
    func keep(_ bytes: RawSpan) {
        pending.append(bytes)
        pendingCount = pending.count
    }

    private func dropPending() {
        pending.removeAll()
        pendingCount = 0
    }

    /// Takes back what waits.
    func takeBack(_ body: (RawSpan) -> Void) {
        pending.withBytes(body)
        dropPending()
    }

    /// - Returns: how many bytes need not be kept: those that were taken, or all when the socket is broken.
    private func push(_ bytes: RawSpan) -> Int {
        // One send a turn: later bytes go in a turn of their own.
        guard lastSend != buffers.currentTurn else {
            again()
            return 0
        }
        lastSend = buffers.currentTurn
        switch socket.send(bytes) {
        case .bytes(let count):
            if count < bytes.byteCount { output = .full }
            return count
        case .wouldBlock, .end:
            output = .full
            return 0
        case .failed(let errno):
            output = .broken(errno)
            return bytes.byteCount
        }
    }

    // MARK: The end

    /// Shuts down our direction of the socket behind all that was sent, with or without a close_notify.
    func shutdownSocket() { socket.shutdownWrite() }

    /// Closes the socket, by a reset if `resetting`; it reports no more events.
    func close(resetting: Bool = false) {
        event?.close()
        event = nil
        dropPending()
        if resetting { socket.reset() } else { socket.close() }
    }

    // MARK: What costs a system call

    /// The error that waits on the socket (SO_ERROR), which this call clears; `nil` for none.
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
