import CRepriseOpenSSL
import Testing

/// An extension that libssl does not know, as ticket_request (RFC 9149) is to 3.0.
@Suite struct CustomExtensionTests {
    /// What the server's handler saw. libssl is lent it.
    private final class Seen {
        var contexts: [CUnsignedInt] = []
        var bytes: [[UInt8]] = []
        var inCallback: [[UInt8]?] = []
    }

    private static let number: CUnsignedInt = 58
    private static let body: [UInt8] = [3, 1]

    private func client(_ carrier: Carrier) -> Context {
        let client = Context.client(carrier)
        SSL_CTX_add_custom_ext(
            client.pointer, Self.number, CUnsignedInt(SSL_EXT_CLIENT_HELLO),
            { _, _, _, bytes, count, _, _, _, argument in
                bytes?.pointee = argument.map { UnsafePointer($0.assumingMemoryBound(to: UInt8.self)) }
                count?.pointee = 2
                return 1
            }, nil, Self.lent, nil, nil)
        return client
    }

    /// An address that outlives every handshake.
    private nonisolated(unsafe) static let lent: UnsafeMutableRawPointer = {
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: body.count)
        _ = bytes.initialize(from: body)
        return UnsafeMutableRawPointer(bytes.baseAddress ?? .allocate(capacity: body.count))
    }()

    private func server(_ carrier: Carrier, _ seen: Seen) -> Context {
        let server = Context.server(carrier)
        SSL_CTX_add_custom_ext(
            server.pointer, Self.number, CUnsignedInt(SSL_EXT_CLIENT_HELLO), nil, nil, nil,
            { _, _, place, bytes, count, _, _, _, argument in
                guard let argument else { return 0 }
                let seen = Unmanaged<Seen>.fromOpaque(argument).takeUnretainedValue()
                seen.contexts.append(place)
                seen.bytes.append(Array(UnsafeBufferPointer(start: bytes, count: count)))
                return 1
            }, Unmanaged.passUnretained(seen).toOpaque())
        server.clientHello = { ssl in
            seen.inCallback.append(Hello.extensionBytes(CInt(Self.number), ssl))
            return SSL_CLIENT_HELLO_SUCCESS
        }
        return server
    }

    @Test(arguments: Carrier.allCases)
    func `its handler sees the ClientHello's, and the ClientHello callback can read it`(carrier: Carrier) {
        let seen = Seen()
        #expect(Link.meet(server(carrier, seen), client(carrier)).outcome == .full)
        #expect(seen.inCallback == [Self.body])
        #expect(seen.bytes == [Self.body])
        #expect(seen.contexts.allSatisfy { $0 & CUnsignedInt(SSL_EXT_CLIENT_HELLO) != 0 })
    }

    @Test(arguments: Carrier.allCases)
    func `without a handler the ClientHello callback does not see it`(carrier: Carrier) {
        let server = Context.server(carrier), seen = Seen()
        server.clientHello = { ssl in
            seen.inCallback.append(Hello.extensionBytes(CInt(Self.number), ssl))
            return SSL_CLIENT_HELLO_SUCCESS
        }
        #expect(Link.meet(server, client(carrier)).outcome == .full)
        #expect(seen.inCallback == [nil])
    }

    @Test(arguments: Carrier.allCases)
    func `a handler of the ClientHello alone answers nothing`(carrier: Carrier) {
        let seen = Seen(), client = client(carrier)
        let link = Link(server(carrier, seen), client)
        #expect(link.handshake() == .full)
        // A client would break off at an answer that it has no handler for.
        #expect(link.client.failure == nil)
    }

    @Test(arguments: Carrier.tls13)
    func `it is read again in a second ClientHello`(carrier: Carrier) {
        let seen = Seen(), server = server(carrier, seen), client = client(carrier)
        reprise_ctx_set_groups(server.pointer, "P-384")
        reprise_ctx_set_groups(client.pointer, "X25519:P-384")
        #expect(Link.meet(server, client).outcome == .full)
        #expect(seen.inCallback == [Self.body, Self.body])
    }

    @Test(arguments: Carrier.allCases)
    func `a switch to a context without the handler does not make it fatal`(carrier: Carrier) {
        let seen = Seen(), server = server(carrier, seen), host = Context.server(carrier)
        server.clientHello = { ssl in
            SSL_set_SSL_CTX(ssl, host.pointer)
            return SSL_CLIENT_HELLO_SUCCESS
        }
        #expect(Link.meet(server, client(carrier)).outcome == .full)
    }

    @Test(arguments: Carrier.tls13)
    func `in a second ClientHello it is the new context's handler that makes it readable`(carrier: Carrier) {
        for hostHasOne in [true, false] {
            let seen = Seen(), listener = server(carrier, seen), client = client(carrier)
            let host = hostHasOne ? server(carrier, seen) : Context.server(carrier)
            for context in [listener, host] { reprise_ctx_set_groups(context.pointer, "P-384") }
            reprise_ctx_set_groups(client.pointer, "X25519:P-384")
            let target = host.pointer
            for context in [listener, host] {
                context.clientHello = { ssl in
                    seen.inCallback.append(Hello.extensionBytes(CInt(Self.number), ssl))
                    SSL_set_SSL_CTX(ssl, target)
                    return SSL_CLIENT_HELLO_SUCCESS
                }
            }
            #expect(Link.meet(listener, client).outcome == .full)
            #expect(seen.inCallback == [Self.body, hostHasOne ? Self.body : nil])
        }
    }

    @Test func `a number that libssl handles itself cannot be had`() {
        let context = Context.server(.stateless)
        let result = SSL_CTX_add_custom_ext(
            context.pointer, CUnsignedInt(TLSEXT_TYPE_psk), CUnsignedInt(SSL_EXT_CLIENT_HELLO), nil, nil, nil, nil, nil)
        #expect(result == 0)
        ERR_clear_error()
    }
}
