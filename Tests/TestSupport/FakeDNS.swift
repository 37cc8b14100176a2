import Foundation
import Glibc

/// A DNS server on loopback, UDP and TCP, that answers each name as its first label says, rightly or wrongly.
package final class FakeDNS: Sendable {
    package let port: Int
    private let child: ChildProcess
    private let input: Pipe

    package init() throws {
        let (input, output) = (Pipe(), Pipe())
        child = try ChildProcess(["python3", "-c", Self.program], input: input.reader, output: output.writer)
        try? input.fileHandleForReading.close()
        output.closeWriter()
        self.input = input
        var line = ""
        while !line.contains("\n") {
            let more = output.readSome()
            guard !more.isEmpty else { break }
            line += String(decoding: more, as: UTF8.self)
        }
        port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
        // Port 0 would be taken for port 53.
        precondition(port != 0, "the DNS server said \"\(line)\"")
    }

    /// It, as a resolver takes it.
    package var address: String { "127.0.0.1:\(port)" }

    /// Ends it; whoever asks then is refused.
    package func stop() {
        try? input.fileHandleForWriting.close()
        _ = child.waitForStatus()
    }

    deinit { try? input.fileHandleForWriting.close() }

    private static let program = """
        import os, socket, struct, sys, threading, time
        while True:
            tcp = socket.socket()
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tcp.bind(("127.0.0.1", 0))
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try: udp.bind(tcp.getsockname())
            except OSError: continue
            break
        tcp.listen(16)
        count, begin = 0, {}
        def name(text): return b"".join(bytes([len(x)]) + x.encode() for x in text.split(".") if x) + b"\\0"
        def record(kind, ttl, data, owner=b"\\xc0\\x0c"):
            return owner + struct.pack("!HHIH", kind, 1, ttl, len(data)) + data
        def a(*numbers): return bytes(numbers)
        def srv(priority, weight, port, target): return struct.pack("!HHH", priority, weight, port) + name(target)
        six = bytes(15) + b"\\1"
        def answer(query, stream):
            global count
            place, labels = 12, []
            while query[place]:
                labels.append(query[place + 1:place + 1 + query[place]].decode())
                place += query[place] + 1
            kind, = struct.unpack("!H", query[place + 1:place + 3])
            question = query[12:place + 5]
            what, code, flags, records = labels[0].lower(), 0, 0x8180, []
            if what == "silent": return None
            if what == "garbage": return query[:2] + os.urandom(60)
            if what == "nx": code = 3
            elif what == "fail": code = 2
            elif what == "refuse": code = 5
            elif what == "later":
                if time.monotonic() - begin.setdefault(what, time.monotonic()) < 0.5: code = 3
                elif kind == 1: records = [record(1, 60, a(127, 0, 0, 1))]
            elif what == "other":
                question = name("stranger.test") + question[-4:]
                if kind == 1: records = [record(1, 60, a(192, 0, 2, 66))]
            elif what == "lie" and kind == 1: records = [record(1, 60, a(192, 0, 2, 66), name("stranger.test"))]
            elif what == "many" and kind == 1:
                if not stream: flags |= 0x200
                else: records = [record(1, 60, a(10, 9, n // 250, n % 250)) for n in range(500)]
            elif what == "twice" and kind == 1: records = [record(1, 60, a(127, 0, 0, 9))] * 3
            elif what == "changing" and kind == 1:
                count += 1
                records = [record(1, 1, a(127, 0, 1, count % 250 + 1))]
            elif what == "zero" and kind == 1: records = [record(1, 0, a(127, 0, 0, 1))]
            elif what == "week" and kind == 1: records = [record(1, 604800, a(127, 0, 0, 1))]
            elif what == "alias":
                records = [record(5, 7, name("ok.example.test"))]
                if kind == 1: records.append(record(1, 60, a(127, 0, 0, 1), name("ok.example.test")))
            elif what == "half":
                if kind == 28: code = 2
                else: records = [record(1, 60, a(127, 0, 0, 1))]
            elif what == "_web" and kind == 33:
                records = [record(33, 30, srv(10, 1, 7001, "ok.example.test")),
                           record(33, 30, srv(10, 1, 7002, "one.example.test")),
                           record(33, 30, srv(20, 1, 7003, "spare.example.test"))]
            elif what == "_dead" and kind == 33:
                records = [record(33, 30, srv(10, 1, 7001, "nx.example.test")),
                           record(33, 30, srv(20, 1, 7003, "one.example.test"))]
            elif what == "_none" and kind == 33: records = [record(33, 30, srv(0, 0, 0, ""))]
            elif what == "_crowd" and kind == 33:
                if not stream: flags |= 0x200
                else: records = [record(33, 30, srv(n, 1, 7000 + n, "one.example.test")) for n in range(100)]
            elif what == "_torn" and kind == 33: records = [record(33, 30, b"\\0\\1\\0")]
            elif what == "_lie" and kind == 33:
                records = [record(33, 30, srv(10, 1, 7001, "one.example.test"), name("_lie._tcp.stranger.test"))]
            elif what == "_alias" and kind == 33:
                there = name("_there._tcp.example.test")
                records = [record(33, 30, srv(10, 1, 7001, "one.example.test"), there),
                           record(33, 2, srv(10, 1, 7002, "one.example.test"), name("_there._tcp.stranger.test")),
                           record(5, 7, there)]
            elif what == "_loop" and kind == 33: records = [record(5, 7, b"\\xc0\\x0c")]
            elif what == "_partly" and kind == 33:
                records = [record(33, 30, srv(10, 1, 7001, "one.example.test")),
                           record(33, 30, srv(10, 1, 7002, "nx.example.test")),
                           record(33, 30, srv(20, 3, 7003, "fail.example.test"))]
            elif what.startswith("_q") and kind == 33:
                records = [record(33, 1, srv(10, 1, int(what[2:]), "flaky.example.test")),
                           record(33, 1, srv(20, 1, 1, "one.example.test"))]
            elif what == "flaky":
                if time.monotonic() - begin.setdefault(what, time.monotonic()) > 0.5: code = 2
                elif kind == 1: records = [record(1, 60, a(127, 0, 0, 1))]
            elif what.startswith("_p") and kind == 33:
                records = [record(33, 30, srv(10, 1, int(what[2:]), "ok.example.test")),
                           record(33, 30, srv(5, 1, int(what[2:]), "nx.example.test"))]
            elif what in ("ok", "one", "spare"):
                if kind == 1: records = [record(1, 60, a(127, 0, 0, 1))]
                elif kind == 28 and what == "ok": records = [record(28, 40, six)]
            return query[:2] + struct.pack("!HHHHH", flags | code, 1, len(records), 0, 0) + question + b"".join(records)
        def datagrams():
            while True:
                query, peer = udp.recvfrom(4096)
                reply = answer(query, False)
                if reply: udp.sendto(reply, peer)
        def serve(client):
            with client:
                while True:
                    head = client.recv(2, socket.MSG_WAITALL)
                    if len(head) < 2: return
                    reply = answer(client.recv(*struct.unpack("!H", head), socket.MSG_WAITALL), True)
                    if reply: client.sendall(struct.pack("!H", len(reply)) + reply)
        def streams():
            while True: threading.Thread(target=serve, args=(tcp.accept()[0],), daemon=True).start()
        for work in (datagrams, streams): threading.Thread(target=work, daemon=True).start()
        print(tcp.getsockname()[1], flush=True)
        sys.stdin.read()
        """
}
