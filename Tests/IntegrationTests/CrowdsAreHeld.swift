import Foundation
import Glibc
import RepriseTestSupport
import Testing

/// Connections by the thousand. One test at a time: each needs most of the descriptors a process may have.
@Suite(.waits, .serialized) struct CrowdsAreHeld {
    private static let total = Sanitizer.isOn ? 500 : 50_000
    /// How many connections fit at once: the proxy keeps two descriptors free for each.
    private static let wave: Int = {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(min(limit.rlim_max, 1 << 20) - 512) / 2
    }()

    @Test(.slow) func `a hundred thousand connects that send nothing leave no descriptor and no memory behind`() throws
    {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.listener = "timeouts: { handshake: 2s }\n    limits: { handshakes: 0 }"
        let reprise = try configuration.start()
        let (before, start) = (reprise.openDescriptors, reprise.residentBytes)
        let program = """
            import resource, socket, sys
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            port, left, wave = map(int, sys.argv[1:])
            while left:
                silent = [socket.create_connection(("127.0.0.1", port), 60) for _ in range(min(left, wave))]
                left -= len(silent)
                for s in silent:
                    s.recv(1)
                    s.close()
            print("done")
            """
        var peaks: [Int] = [], rests: [Int] = []
        for round in 1...2 {
            let result = try Shell.python(
                program, ["\(reprise.port())", "\(Self.total)", "\(Self.wave)"], seconds: 300)
            #expect(result.output == "done\n", "\(result)")
            #expect(
                eventually(within: 30) { reprise.openDescriptors <= before }, "\(reprise.openDescriptors) of \(before)")
            peaks.append(reprise.peakBytes)
            // What is free goes back to the system within a moment; what is still used does not.
            if !Sanitizer.isOn {
                _ = eventually { reprise.residentBytes < start + (reprise.peakBytes - start) * 3 / 4 }
            }
            rests.append(reprise.residentBytes)
            _ = reprise.closedConnection(round * Self.total, within: 60)
        }
        let closed = reprise.lines.filter { $0["message"] == "connection closed" }
        #expect(closed.count == 2 * Self.total)
        #expect(closed.allSatisfy { $0["ending"] == "timeout_handshake" })
        // Noise is what the last, small crowd left; 50,000 leaks would be 50,000 times what each lost.
        // What is free goes back later where others use the processors.
        if !Sanitizer.isOn {
            #expect(
                eventually(within: 60) { reprise.residentBytes < rests[0] + (8 << 20) },
                "\(start) \(peaks) \(rests) \(reprise.residentBytes)")
        }
    }

    /// What a crowd leaves beside a tenth of what was there before: tables that grew with it, and the code that it ran.
    private static let residue = 6 << 20

    @Test(.slow, arguments: ["silent", "hello"])
    func `a crowd that comes and goes within a second or two leaves its memory`(_ kind: String) throws {
        var configuration = TestConfiguration(TestUpstream.echo())
        configuration.listener = "limits: { handshakes: 0 }"
        let reprise = try configuration.start()
        _ = try SocketClient(port: reprise.port())
        _ = reprise.closedConnection()
        let (descriptors, before) = (reprise.openDescriptors, reprise.residentBytes)
        let program = """
            import resource, socket, ssl, sys
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            port, count, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            hello = ssl.MemoryBIO()
            try: context.wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost").do_handshake()
            except ssl.SSLWantReadError: pass
            data = hello.read() if kind == "hello" else b""
            crowd = []
            for _ in range(count):
                crowd.append(socket.create_connection(("127.0.0.1", port), 60))
                if data: crowd[-1].send(data)
            for client in crowd: client.close()
            print("done")
            """
        let count = min(6000, Self.wave)
        let result = try Shell.python(program, ["\(reprise.port())", "\(count)", kind], seconds: 60)
        #expect(result.output == "done\n", "\(result)")
        #expect(eventually(within: 30) { reprise.openDescriptors <= descriptors })
        guard !Sanitizer.isOn else { return }
        let bound = before + before / 10 + Self.residue
        #expect(
            eventually(within: 15) { reprise.residentBytes <= bound },
            "\(before), \(reprise.peakBytes) at the peak, \(reprise.residentBytes) left of \(bound)")
    }

    /// A crowd with 1 MiB each, which fits into the kernel's own buffers where memory is plenty, and a few with so much
    /// that it fits nowhere.
    @Test(.slow, arguments: [(count: Sanitizer.isOn ? 50 : 1000, mebibytes: 1), (count: 10, mebibytes: 16)])
    func `slow readers stop their fast writers within the limit, and every byte arrives`(
        count: Int, mebibytes: Int
    ) throws {
        let (size, relayBuffer) = (mebibytes << 20, 16 << 10)
        // What a connection takes beside its relay buffers: itself and its TLS end (16 KiB), and for each direction the
        // TLS record that may come on top (16 KiB).
        let overhead = 48 << 10
        // Code and tables that the first connection touches.
        let once = 4 << 20
        var configuration = TestConfiguration(TestUpstream.echo(kernelBuffer: 8192))
        configuration.listener = "limits: { relay_buffer: \(relayBuffer >> 10)KiB }"
        let reprise = try configuration.start()
        let base = reprise.residentBytes
        // Every client writes until nothing more is taken, and only then begins to read, in small slices in turn.
        let program = """
            import hashlib, os, resource, select, socket, ssl, sys
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            port, count, size = map(int, sys.argv[1:])
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT); context.check_hostname = False; context.verify_mode = ssl.CERT_NONE
            twice = memoryview(os.urandom(size) * 2)
            class Client:
                def __init__(self, number):
                    raw = socket.socket(); raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
                    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
                    raw.connect(("127.0.0.1", port))
                    self.end = context.wrap_socket(raw, server_hostname="localhost")
                    self.end.setblocking(False)
                    start = number * 64 % size
                    self.data, self.sent, self.got, self.digest = twice[start:start + size], 0, 0, hashlib.sha256()
                def write(self):
                    try: self.sent += self.end.send(self.data[self.sent:self.sent + 16384])
                    except (ssl.SSLWantWriteError, ssl.SSLWantReadError): pass
                def read(self):
                    try:
                        while True:
                            part = self.end.recv(4096)
                            if not part: raise EOFError
                            self.got += len(part); self.digest.update(part)
                            if not self.end.pending(): return
                    except ssl.SSLWantReadError: pass
            clients = {c.end.fileno(): c for c in map(Client, range(count))}
            poller = select.poll()
            for number in clients: poller.register(number, select.POLLOUT)
            while ready := poller.poll(300):
                for number, _ in ready:
                    clients[number].write()
                    if clients[number].sent == size: poller.unregister(number)
            taken = sum(c.sent for c in clients.values())
            for number, c in clients.items():
                poller.register(number, select.POLLIN | (select.POLLOUT if c.sent < size else 0))
            open, identical = len(clients), 0
            while open:
                for number, events in poller.poll():
                    c = clients[number]
                    if events & select.POLLOUT:
                        c.write()
                        if c.sent == size: poller.modify(number, select.POLLIN)
                    if events & ~select.POLLOUT: c.read()
                    if c.got == size:
                        identical += c.digest.digest() == hashlib.sha256(c.data).digest()
                        poller.unregister(number); c.end.close(); open -= 1
            print(identical, "identical,", taken)
            """
        let result = try Shell.python(program, ["\(reprise.port())", "\(count)", "\(size)"], seconds: 120)
        let words = result.output.split(whereSeparator: \.isWhitespace)
        #expect(words.dropLast() == ["\(count)", "identical,"], "\(result)")
        // What a writer got rid of before anyone read: a part, not all.
        if mebibytes > 1 { #expect(words.last.flatMap { Int($0) } ?? .max < count * size / 2, "\(result)") }
        let bound = base + once + count * (2 * relayBuffer + overhead)
        if !Sanitizer.isOn { #expect(reprise.peakBytes <= bound, "\(reprise.peakBytes) of \(bound)") }
    }
}
