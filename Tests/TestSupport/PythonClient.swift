/// A TLS client in Python's ssl over memory buffers: it ends its TLS stream and its TCP stream apart, in any order.
package enum PythonClient {
    /// Connects, completes a handshake and runs `body`.
    ///
    /// In `body`, `tls` is the TLS end and `raw` the TCP socket; there are `send`, `receive`, `close_notify`, `reset`,
    /// `outcome(receive)` (how the stream ends: close_notify, truncated, reset) and `everything()` (all bytes, and how
    /// it ended).
    /// - Parameter version: the one TLS version to speak, such as `TLSv1_2`; `nil` for any.
    package static func run(port: Int, version: String? = nil, seconds: Int = 30, _ body: String) throws -> ShellResult
    {
        let limit =
            version.map {
                "context.minimum_version = context.maximum_version = ssl.TLSVersion.\($0)\n"
            } ?? ""
        return try Shell.python(
            preparation + limit + "raw.connect((\"127.0.0.1\", \(port)))\nturn(tls_end().do_handshake)\n" + body,
            seconds: seconds)
    }

    private static let preparation = """
        import ssl, socket, sys, struct, hashlib, threading
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        raw = socket.socket()
        raw.settimeout(15)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = None
        def tls_end():
            global tls
            tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
            return tls
        def flush():
            data = outgoing.read()
            if data: raw.sendall(data)
        def turn(call):
            while True:
                try:
                    result = call()
                    flush()
                    return result
                except ssl.SSLWantReadError:
                    flush()
                    data = raw.recv(65536)
                    if data: incoming.write(data)
                    else: incoming.write_eof()
        def receive(): return turn(lambda: tls.read(65536))
        def send(data): turn(lambda: tls.write(data))
        def close_notify():
            try: tls.unwrap()
            except ssl.SSLWantReadError: pass
            flush()
        def reset():
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raw.close()
        def outcome(call):
            try: return (call() or b"close_notify").decode()
            except ssl.SSLZeroReturnError: return "close_notify"
            except ssl.SSLEOFError: return "truncated"
            except ConnectionResetError: return "reset"
            except OSError as error: return type(error).__name__
        def everything():
            got = bytearray()
            while True:
                try:
                    part = receive()
                    if not part: return bytes(got), "close_notify"
                    got.extend(part)
                except ssl.SSLZeroReturnError: return bytes(got), "close_notify"
                except ssl.SSLEOFError: return bytes(got), "truncated"
                except ConnectionResetError: return bytes(got), "reset"

        """
}
