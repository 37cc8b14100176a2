internal import RepriseVocabulary

/// One client of the small HTTP server: requests one after the other, each answered before the next is read.
/// Confined to the server's loop.
final class HTTPConnection {
    /// How long a client has to take the last answer before its connection closes.
    static let lingering = Duration.seconds(5)

    /// The client: its address, or the network of an IPv6 one; `nil` for a Unix socket.
    let client: IPAddress?
    /// When it was accepted, last completed a request, or took a part of its answer: parts of a request do not count.
    private(set) var lastUse: Instant

    /// Its number, in the order of acceptance.
    let number: Int
    private let socket: Socket
    private let peer: Endpoint
    private let loop: EventLoop
    private unowned let server: HTTPServer
    private var watch: LoopEvent?
    private var timer: LoopEvent?
    private var input = Input()
    private var answer = Answer()
    private var phase = Phase.open

    private struct Input {
        var bytes: [UInt8] = []
        var isReadable = true
        var hasEnded = false
    }

    private struct Answer {
        var bytes: [UInt8] = []
        var sent = 0
        var isLast = false
    }

    private enum Phase {
        case open
        /// The last answer was sent; discards what still comes, `discarded` bytes so far.
        case lingering(discarded: Int)
        case closed
    }

    init(_ socket: Socket, peer: Endpoint, number: Int, server: HTTPServer) {
        self.number = number
        self.socket = socket
        self.peer = peer
        (self.loop, self.server) = (server.loop, server)
        client = if case .ip(let address, _) = peer { address.network } else { nil }
        lastUse = server.loop.now
    }

    /// Begins, with the bytes that have come already.
    func start() {
        loop.assertConfined()
        let watch = LoopEvent(.edges(of: socket), on: server.loop) { [unowned self] in socketReady($0) }
        timer = .timer(on: server.loop) { [unowned self] in end() }
        do {
            try watch.start()
        } catch {
            return end()
        }
        self.watch = watch
        use()
        work()
    }

    /// Closes the socket; the server forgets the connection itself.
    func close() {
        loop.assertConfined()
        if case .closed = phase { return }
        phase = .closed
        watch?.close()
        timer?.close()
        (watch, timer) = (nil, nil)
        socket.close()
    }

    private func socketReady(_ readiness: Readiness) {
        if !readiness.isDisjoint(with: [.readable, .peerClosed]) { input.isReadable = true }
        work()
    }

    private func end() {
        close()
        server.forget(self)
    }

    private func use() {
        lastUse = server.loop.now
        timer?.schedule(after: HTTPServer.timeout)
    }

    /// Goes on as far as the socket allows, by one request at the most.
    private func work() {
        loop.assertConfined()
        if case .closed = phase { return }
        guard flush() else { return }
        if case .lingering = phase { return discard() }
        guard receive() else { return end() }
        if let length = HTTPRequestHead.length(in: input.bytes) {
            answerRequest(length)
        } else if input.bytes.count > HTTPServer.maximumHeaderBytes {
            refuse(HTTPRequestFault.tooLong)
        } else if input.hasEnded {
            end()
        }
    }

    /// - Returns: whether the connection can go on.
    private func receive() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while input.isReadable, input.bytes.count <= HTTPServer.maximumHeaderBytes {
            switch buffer.withUnsafeMutableBytes({ socket.receive(into: $0) }) {
            case .bytes(let count): input.bytes += buffer[..<count]
            case .wouldBlock: input.isReadable = false
            case .end: (input.isReadable, input.hasEnded) = (false, true)
            case .failed: return false
            }
        }
        return true
    }

    private func answerRequest(_ length: Int) {
        guard length <= HTTPServer.maximumHeaderBytes else { return refuse(HTTPRequestFault.tooLong) }
        let head: HTTPRequestHead
        do throws(HTTPRequestFault) {
            head = try HTTPRequestHead(parsing: input.bytes[..<length])
        } catch {
            return refuse(error)
        }
        input.bytes.removeFirst(length)
        use()
        answer.isLast = !head.keepsAlive || head.hasBody
        let methods = server.methods(head.path)
        guard methods.contains(head.method) else { return answerItself(head.method, methods + ["OPTIONS"]) }
        let request = HTTPRequest(
            method: head.method, path: head.path, query: head.query, host: head.host, headers: head.headers, peer: peer,
            hasBody: head.hasBody)
        send(server.handler(request), withoutBody: head.method == "HEAD")
    }

    /// OPTIONS asks what is served (RFC 9110 §9.3.7); every other method is refused with the same list.
    private func answerItself(_ method: String, _ methods: [String]) {
        let allowed = ("Allow", methods.joined(separator: ", "))
        guard method != "OPTIONS" else { return send(HTTPResponse(status: 200, headers: [allowed])) }
        answer.isLast = true
        send(
            HTTPResponse(
                status: 405, headers: [allowed, ("Content-Type", "text/plain")],
                body: Array("only \(methods.joined(separator: ", ")) are served here\n".utf8)))
    }

    private func refuse(_ fault: HTTPRequestFault) {
        answer.isLast = true
        send(
            HTTPResponse(
                status: fault.status, headers: [("Content-Type", "text/plain")], body: Array("\(fault)\n".utf8)))
    }

    private func send(_ response: HTTPResponse, withoutBody: Bool = false) {
        if response.closes { answer.isLast = true }
        var head =
            "HTTP/1.1 \(response.status) \(Self.reason(response.status))\r\nDate: \(HTTPDate.text(Clocks.wall()))\r\n"
        for (name, value) in response.headers { head += "\(name): \(value)\r\n" }
        head += "Content-Length: \(response.body.count)\r\n"
        if answer.isLast { head += "Connection: close\r\n" }
        answer.bytes = Array(head.utf8) + [13, 10] + (withoutBody ? [] : response.body)
        answer.sent = 0
        guard flush(), case .open = phase else { return }
        // The next request waits for the other connections' turns.
        if input.isReadable || !input.bytes.isEmpty || input.hasEnded { watch?.activate(.readable) }
    }

    /// - Returns: whether nothing is left to send, on a connection that goes on.
    private func flush() -> Bool {
        guard !answer.bytes.isEmpty else { return true }
        while answer.sent < answer.bytes.count {
            let transfer = socket.send(answer.bytes.span.bytes.extracting(answer.sent...))
            guard case .bytes(let count) = transfer else {
                if transfer != .wouldBlock { end() }
                return false
            }
            answer.sent += count
            use()
        }
        answer.bytes = []
        if answer.isLast {
            phase = .lingering(discarded: 0)
            socket.shutdownWrite()
            timer?.schedule(after: Self.lingering)
            // Closing with unread bytes would send a reset, which may overtake the answer.
            discard()
        }
        if case .closed = phase { return false }
        return true
    }

    private func discard() {
        guard case .lingering(var discarded) = phase else { return }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while discarded < HTTPServer.maximumBodyBytes {
            switch buffer.withUnsafeMutableBytes({ socket.receive(into: $0) }) {
            case .bytes(let count): discarded += count
            case .wouldBlock:
                phase = .lingering(discarded: discarded)
                return
            case .end, .failed: return end()
            }
        }
        end()
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 421: "Misdirected Request"
        case 431: "Request Header Fields Too Large"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: "Status \(status)"
        }
    }
}
