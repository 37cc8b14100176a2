internal import RepriseEventLoop
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// One question to one server, over a connection of its own. Confined to its loop; it calls back once.
final class HealthProbe {
    /// What came of it.
    enum Result: Sendable {
        case good(after: Duration)
        case bad(ConnectFailure, String)
        /// This machine could not ask.
        case unknown(String)

        /// What an error of connecting says.
        init(_ errno: SystemErrno) {
            self = ConnectError.system(errno).isOurs ? .unknown("\(errno)") : .bad(ConnectFailure(errno), "\(errno)")
        }
    }

    private let loop: EventLoop
    private let kind: HealthCheck.Kind
    private let introduction: [UInt8]
    private let started: Instant
    private var done: ((Result) -> Void)?
    private var socket: Socket?
    private var event: LoopEvent?
    private var timer: LoopEvent?
    private var isConnected = false
    private var tls: EncryptedWay?
    private var isEncrypted = false
    private let output = OutputBuffer()
    private var answer: HTTPAnswer?
    private var hasAsked = false

    private static let receiveBytes = 4096
    /// How long a check waits for a session.
    static let sessionWait = Duration.milliseconds(100)
    /// The result, where only a session is still to come.
    private var owing: Result?

    /// Begins to ask.
    ///
    /// - Parameter done: gets the result, within this call or later.
    init(
        _ endpoint: Endpoint, _ check: HealthCheck, tcp: UpstreamTCPOptions, tls: UpstreamTLS?,
        on loop: EventLoop,
        _ done: @escaping (Result) -> Void
    ) {
        (self.loop, kind, self.done) = (loop, check.kind, done)
        started = loop.now
        introduction =
            switch check.proxy {
            case .off: []
            case .v1: ProxyHeader(.unknown).line
            case .v2: ProxyHeader(.local).binary(summed: false)
            }
        let timer = LoopEvent.timer(on: loop) { [unowned self] in end(.bad(.timeout, "no answer in time")) }
        self.timer = timer
        timer.schedule(after: check.timeout)
        if let tls {
            do throws(ClientError) {
                self.tls = try EncryptedWay(tls, tls.names(for: nil), at: endpoint, output)
            } catch {
                end(.unknown("\(error)"))
                return
            }
        }
        if case .http(let question) = kind { answer = HTTPAnswer(to: question) }
        connect(to: endpoint, tcp)
    }

    /// Gives up without a result.
    func cancel() {
        done = nil
        close()
    }

    private func connect(to endpoint: Endpoint, _ tcp: UpstreamTCPOptions) {
        let made: (socket: Socket, isConnected: Bool)
        switch Socket.connect(to: endpoint, with: tcp, for: nil) {
        case .connected(let socket): made = (socket, true)
        case .inProgress(let socket): made = (socket, false)
        case .failed(let errno): return end(Result(errno))
        }
        socket = made.socket
        let event = LoopEvent(.edges(of: made.socket), on: loop) { [unowned self] in ready($0) }
        self.event = event
        do throws(EventLoopError) {
            try event.start()
        } catch {
            return end(.unknown("\(error)"))
        }
        if made.isConnected { connected() }
    }

    private func ready(_ readiness: Readiness) {
        guard let socket else { return }
        if !isConnected {
            if readiness.isReadable, case let number = socket.pendingError, number != 0 {
                let errno = SystemErrno(number)
                return end(Result(errno))
            }
            connected()
        }
        if done != nil, readiness.isReadable || readiness.isPeerClosed { receive() }
    }

    private func connected() {
        isConnected = true
        if tls != nil {
            introduction.withUnsafeBytes { output.append($0.bytes) }
            return handshake()
        }
        switch kind {
        case .tcp:
            if !introduction.isEmpty { send(introduction) }
            end(.good(after: loop.now - started))
        case .tls: end(.unknown("libssl has no memory"))
        case .http(let question): send(introduction + question.bytes)
        case .exec: end(.bad(.other, "a program has no connection"))
        }
    }

    /// A question is shorter than any socket's buffer.
    private func send(_ bytes: [UInt8]) {
        guard let socket else { return }
        let result = socket.send(bytes.span.bytes)
        if case .failed(let errno) = result { end(.bad(.reset, "\(errno)")) }
    }

    private func receive() {
        withUnsafeTemporaryAllocation(byteCount: Self.receiveBytes, alignment: 8) { buffer in
            while let socket, done != nil {
                switch socket.receive(into: buffer) {
                case .bytes(let count): take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                case .wouldBlock: return
                case .end: ended()
                case .failed(let errno): end(owing ?? .bad(.reset, "\(errno)"))
                }
            }
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) {
        if let tls {
            tls.stream.lend(bytes)
            if isEncrypted { read() } else { handshake() }
            self.tls?.stream.endTurn()
        } else if let verdict = answer?.add([UInt8](bytes)) {
            judge(verdict)
        }
    }

    private func ended() {
        switch kind {
        case .http: judge(answer?.end() ?? .undecided)
        case .tcp, .tls, .exec: end(owing ?? .bad(.reset, "closed without an answer"))
        }
    }

    private func judge(_ verdict: HTTPAnswer.Verdict) {
        switch verdict {
        case .undecided: return
        case .good: end(.good(after: loop.now - started))
        case .bad(let words): end(.bad(.other, words))
        }
    }

    private func handshake() {
        guard let tls else { return }
        let progress = tls.handshake()
        if case .done = progress, case .http(let question) = kind { _ = tls.stream.write(question.bytes.span.bytes) }
        sendOutput()
        switch progress {
        case .done where answer == nil: handshakeIsDone()
        case .done:
            isEncrypted = true
            read()
        case .failed(let fault): end(.bad(.tls, fault.detail))
        case .wantsInput, .wantsSession, .waitsBeforeFinished: return
        }
    }

    /// A TLS 1.3 server gives a session behind the handshake: one in the stead of that which this check has used up is worth
    /// a moment, since the next client may want it.
    private func handshakeIsDone() {
        let result = Result.good(after: loop.now - started)
        guard tls?.owesSession == true else { return end(result) }
        (isEncrypted, owing) = (true, result)
        timer?.close()
        let timer = LoopEvent.timer(on: loop) { [unowned self] in end(result) }
        self.timer = timer
        timer.schedule(after: Self.sessionWait)
        read()
    }

    private func sendOutput() {
        let bytes = output.withBytes { $0.withUnsafeBytes { [UInt8]($0) } }
        output.removeAll()
        if !bytes.isEmpty { send(bytes) }
    }

    /// Takes what the lent bytes say.
    private func read() {
        withUnsafeTemporaryAllocation(byteCount: Self.receiveBytes, alignment: 8) { buffer in
            while let tls, done != nil {
                switch tls.stream.read(into: buffer) {
                case .bytes(let count):
                    let bytes = [UInt8](UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    judge(answer?.add(bytes) ?? .undecided)
                case .wantsInput:
                    sendOutput()
                    if let owing, !tls.owesSession { end(owing) }
                    return
                case .closeNotify: return owing.map { end($0) } ?? judge(answer?.end() ?? .undecided)
                case .truncated: return end(owing ?? .bad(.reset, "closed without an answer"))
                case .failed(let fault): return end(owing ?? .bad(.tls, "\(fault)"))
                }
            }
        }
    }

    private func end(_ result: Result) {
        loop.assertConfined()
        guard let done = done.take() else { return }
        if case .bad(let reason, let words) = result {
            tls?.failed(HandshakeFault(cause: reason == .timeout ? .timeout : .truncated, detail: words))
        }
        close()
        done(result)
    }

    private func close() {
        timer?.close()
        event?.close()
        (timer, event) = (nil, nil)
        if let tls = tls.take() {
            // A server that keeps sessions by their ids would forget one whose connection breaks off, and clients share it.
            tls.stream.sendCloseNotify()
            sendOutput()
            tls.stream.markShutdown()
            tls.stream.close()
        }
        // A server that has more to say is told that nobody listens.
        socket?.close()
        socket = nil
    }
}
