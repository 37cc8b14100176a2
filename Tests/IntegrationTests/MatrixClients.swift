import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// A TLS client that plays the matrix.
protocol MatrixClient {
    /// Whether the client speaks before the ending, or only shakes hands.
    var speaksFirst: Bool { get }
    /// Whether it makes an ending of its own, rather than the tap of its goodbye.
    func endsItself(_ way: EndingWay) -> Bool
    /// Whether it comes back with every ticket that it got, rather than the last.
    var keepsAll: Bool { get }
    /// Whether its library can take part.
    func canPlay(_ column: MatrixColumn) -> Bool
    /// Connects, keeps a copy of each session, lets the connection end, and comes back with each.
    ///
    /// - Parameter cue: has the server or the upstream end the connection, if it is to end it.
    /// - Returns: whether each was resumed as the client sees it; `nil` where it does not say.
    func play(port: Int, _ column: MatrixColumn, _ way: EndingWay, cue: () -> Void) throws -> [Bool?]
}

/// libssl over a socket of its own; a session's copy is its DER.
struct OpenSSLClient: MatrixClient {
    var speaksFirst: Bool { true }
    var keepsAll: Bool { true }
    func endsItself(_ way: EndingWay) -> Bool { true }
    func canPlay(_ column: MatrixColumn) -> Bool { true }

    func play(port: Int, _ column: MatrixColumn, _ way: EndingWay, cue: () -> Void) throws -> [Bool?] {
        let (sessions, _) = try connect(port, column.carrier, way, cue: cue)
        return try sessions.map { try connect(port, column.carrier, .notifyAndWait, resuming: $0) {}.wasResumed }
    }

    /// Connects, hears an answer (and with it the tickets), and lets the connection end in that way.
    func connect(
        _ port: Int, _ carrier: SessionCarrier, _ way: EndingWay, resuming: MemoryClient.Session? = nil,
        cue: () -> Void
    ) throws -> (sessions: [MemoryClient.Session], wasResumed: Bool) {
        let client = try SocketClient(port: port, carrier.client("localhost", resuming: resuming))
        try client.tls.write(Array("x".utf8))
        client.flush()
        while (try? client.tls.read()) == .some(nil), client.takeIn() {}
        // A copy, before any ending: the client's own library may destroy its session.
        let (sessions, wasResumed) = (client.tls.sessions, client.tls.wasResumed)
        switch way {
        case .notifyAndWait:
            client.tls.sendCloseNotify()
            client.flush()
            while client.takeIn() {}
        case .notifyAndLeave:
            client.tls.sendCloseNotify()
            client.flush()
        case .fin: client.shutdownWrite()
        case .reset: client.reset()
        case .idle, .drain, .upstreamEnd, .upstreamReset:
            cue()
            // Until a close_notify or the end of the stream.
            while client.takeIn(), (try? client.tls.read()) != .some([]) {}
        }
        return (sessions, wasResumed)
    }
}

/// `gnutls-cli --resume`: takes a copy of its session, says goodbye, leaves and comes back.
struct GnuTLSClient: MatrixClient {
    var speaksFirst: Bool { false }
    var keepsAll: Bool { false }
    func endsItself(_ way: EndingWay) -> Bool { false }
    func canPlay(_ column: MatrixColumn) -> Bool { true }

    func play(port: Int, _ column: MatrixColumn, _ way: EndingWay, cue: () -> Void) throws -> [Bool?] {
        let version = column.carrier.version == .tls1_3 ? "1.3" : "1.2"
        let result = try Shell.run(
            [
                "gnutls-cli", "--insecure", "--resume", "--priority",
                "NORMAL:-VERS-ALL:+VERS-TLS\(version)" + (column.carrier == .id ? ":%NO_TICKETS" : ""), "-p", "\(port)",
                "--sni-hostname", "localhost", "127.0.0.1",
            ] + (column.carrier.version == .tls1_3 ? ["--waitresumption"] : []))
        return [result.output.contains("*** This is a resumed session")]
    }
}

/// curl, twice the same page in one run; its own word for a resumption says only that it offered one.
struct CurlClient: MatrixClient {
    var speaksFirst: Bool { true }
    var keepsAll: Bool { false }
    func endsItself(_ way: EndingWay) -> Bool { false }
    // libcurl takes no TLS 1.2 tickets from OpenSSL.
    func canPlay(_ column: MatrixColumn) -> Bool { column.carrier != .ticket }

    func play(port: Int, _ column: MatrixColumn, _ way: EndingWay, cue: () -> Void) throws -> [Bool?] {
        let url = "https://localhost:\(port)/"
        let versions = column.carrier.version == .tls1_3 ? ["--tlsv1.3"] : ["--tls-max", "1.2"]
        _ = try Shell.run(["curl", "-sk", "-4"] + versions + [url, url])
        return [nil]
    }
}

/// Python's ssl, which copies a session by writing it out and reading it in again.
struct PythonSSLClient: MatrixClient {
    var speaksFirst: Bool { true }
    var keepsAll: Bool { true }
    func endsItself(_ way: EndingWay) -> Bool { way.isClients }
    func canPlay(_ column: MatrixColumn) -> Bool { true }

    func play(port: Int, _ column: MatrixColumn, _ way: EndingWay, cue: () -> Void) throws -> [Bool?] {
        let version = column.carrier.version == .tls1_3 ? "TLSv1_3" : "TLSv1_2"
        let result = try Shell.python(Self.program, ["\(port)", version, "\(column.carrier)", "\(way)"])
        #expect(result.status == 0, "\(way), \(column): \(result.errors)")
        return result.output.split(separator: "\n").map { $0 == "True" }
    }

    private static let program = """
        import socket, ssl, struct, sys
        port, version, carrier, way = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
        if carrier == "id": context.options |= ssl.OP_NO_TICKET
        class Client:
            def __init__(self, session=None):
                self.raw = socket.create_connection(("127.0.0.1", port), 15)
                self.stream = self.raw.makefile("rb")
                self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
                self.tls = context.wrap_bio(
                    self.incoming, self.outgoing, server_hostname="localhost", session=session)
                self.sessions = {}
                self.turn(self.tls.do_handshake)
                self.turn(lambda: self.tls.write(b"x"))
                self.turn(lambda: self.tls.read(1))
            def flush(self):
                self.raw.sendall(self.outgoing.read())
            def note(self):
                session = self.tls.version() and self.tls.session
                if session and (session.has_ticket or version == "TLSv1_2"): self.sessions[session.id] = session
            def turn(self, call):
                while True:
                    try:
                        call()
                        self.note()
                        return self.flush()
                    except ssl.SSLWantReadError:
                        self.note()
                        self.flush()
                        # One record at a time: of two tickets, the session is soon only the second.
                        head = self.stream.read(5)
                        self.incoming.write(head + self.stream.read(struct.unpack("!H", head[3:])[0]))
            def end(self, way):
                if way == "reset":
                    self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                elif way == "fin":
                    self.raw.shutdown(socket.SHUT_WR)
                else:
                    try: self.tls.unwrap()
                    except ssl.SSLError: pass
                    self.flush()
                    try:
                        while way != "notifyAndLeave" and self.raw.recv(65536): pass
                    except ConnectionResetError: pass
                self.stream.close()
                self.raw.close()
        client = Client()
        client.end(way)
        for session in client.sessions.values():
            again = Client(session)
            print(again.tls.session_reused)
            again.end("notifyAndWait")
        """
}
