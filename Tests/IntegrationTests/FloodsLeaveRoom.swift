import Foundation
import RepriseTestSupport
import Testing

/// Floods that never end a handshake, each at twice what the listener takes, and honest clients beside them.
@Suite(.waits, .serialized) struct FloodsLeaveRoom {
    enum Flood: String, CaseIterable {
        case silent, half, bytewise, hello, flight
    }

    /// Holds `count` connections from so many addresses and opens anew each that is closed, while others visit. Prints
    /// how many of the visits were served.
    private static let program = """
        import multiprocessing, socket, ssl, sys, time
        port, kind, addresses, count, visits = int(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        def end():
            incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            tls = context.wrap_bio(incoming, outgoing)
            try: tls.do_handshake()
            except ssl.SSLWantReadError: pass
            return tls, incoming, outgoing.read()
        hello = end()[2]
        def attack(number):
            raw = socket.socket()
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            raw.bind(("127.2.0.%d" % (1 + number % addresses), 0))
            raw.connect(("127.0.0.1", port))
            raw.setblocking(False)
            state = [raw, number, 0, None]
            try:
                if kind == "half": raw.send(hello[:len(hello) // 2])
                if kind == "hello": raw.send(hello)
                if kind == "flight":
                    tls, incoming, first = end()
                    state[3] = (tls, incoming)
                    raw.send(first)
            except OSError: pass
            return state
        def flood():
            held = [attack(number) for number in range(count)]
            ready.set()
            beat = time.monotonic()
            while True:
                tick = time.monotonic() - beat > 1
                if tick: beat = time.monotonic()
                for index, state in enumerate(held):
                    try:
                        if kind == "bytewise" and tick:
                            state[0].send(hello[state[2]:state[2] + 1])
                            state[2] += 1
                        data = state[0].recv(65536)
                        if not data: raise ConnectionResetError
                        if state[3]:
                            state[3][1].write(data)
                            # The server's flight is verified, and never answered.
                            try: state[3][0].do_handshake()
                            except ssl.SSLWantReadError: pass
                    except BlockingIOError: continue
                    except OSError:
                        state[0].close()
                        held[index] = attack(state[1])
                time.sleep(0.005)
        def visit():
            try:
                with socket.create_connection(("127.0.0.1", port), 10, ("127.1.0.1", 0)) as raw:
                    with context.wrap_socket(raw) as tls:
                        tls.sendall(b"ping")
                        return tls.recv(4) == b"ping"
            except OSError: return False
        # In a process of its own: the visitors' time is theirs.
        multiprocessing.set_start_method("fork")
        ready = multiprocessing.Event()
        attacker = multiprocessing.Process(target=flood, daemon=True)
        attacker.start()
        ready.wait()
        print(sum(visit() for _ in range(visits)))
        attacker.kill()
        """

    @Test(arguments: Flood.allCases, [1, 100])
    func `honest visits are served beside a flood of twice the limit`(flood: Flood, addresses: Int) throws {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.top = "admin: { bind: \"127.0.0.1:0\" }\nworkers: 2"
        configuration.listener = "limits: { handshakes: 100 }"
        let reprise = try configuration.start()
        let result = try Shell.python(
            Self.program, ["\(reprise.port())", flood.rawValue, "\(addresses)", "200", "100"], seconds: 60)
        let served = Int(result.output.dropLast()) ?? 0
        #expect(served >= 95, "\(result)")
        // Nobody was kept out by force alone: the flood was at its limit all the while.
        let refused = try ["handshakes", "handshakes_per_client"].map {
            try reprise.metric("reprise_connections_refused_total{listener=\"web\",limit=\"\($0)\"}")
        }
        let madeWay = try reprise.metric("reprise_handshakes_failed_total{listener=\"web\",cause=\"made_way\"}")
        #expect(refused.reduce(madeWay, +) > 0)
    }

    @Test func `a silent handshake that makes way ends as refused, by the limit's name`() throws {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.listener = "limits: { handshakes: 1 }"
        let reprise = try configuration.start()
        let program = """
            import socket, ssl, sys, time
            silent = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            end = time.monotonic() + 20
            while time.monotonic() < end:
                try:
                    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 10) as raw:
                        with context.wrap_socket(raw) as tls:
                            tls.sendall(b"ping")
                            print(tls.recv(4).decode())
                            break
                except OSError: pass
            print("closed" if silent.recv(1) == b"" else "open")
            """
        #expect(try Shell.python(program, ["\(reprise.port())"], seconds: 30).output == "ping\nclosed\n")
        let line = reprise.waitForLine { $0["message"] == "connection closed" && $0["ending"] == "refused" } ?? [:]
        #expect(line["detail"]?.contains("handshakes") == true && line["cause"] == "made_way", "\(line)")
    }

    /// Bytes and reset come as one piece of news: only the bytes are seen at once.
    @Test func `a reset behind half a ClientHello is seen long before the handshake's time is over`() throws {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.listener = "timeouts: { handshake: 5m }"
        let reprise = try configuration.start()
        let program = """
            import socket, struct, sys
            for _ in range(50):
                raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                raw.sendall(b"\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xfc\\x03\\x03" + bytes(79))
                raw.close()
            """
        _ = try Shell.python(program, ["\(reprise.port())"], seconds: 30)
        #expect(reprise.closedConnection(50)["ending"] == "client_reset", "\(reprise.log)")
    }
}
