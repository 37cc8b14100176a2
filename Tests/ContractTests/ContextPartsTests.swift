import CRepriseOpenSSL
import Testing

/// Which of a handshake's settings libssl takes from the context switched to, and which from the one before.
@Suite struct ContextPartsTests {
    private func switching(_ carrier: Carrier) -> (listener: Context, host: Context) {
        let listener = Context.server(carrier), host = Context.server(carrier, .other)
        listener.clientHello = { ssl in
            SSL_set_SSL_CTX(ssl, host.pointer)
            return SSL_CLIENT_HELLO_SUCCESS
        }
        return (listener, host)
    }

    @Test func `TLS 1_2 ciphers are the new context's`() {
        let (listener, host) = switching(.ticket)
        SSL_CTX_set_cipher_list(listener.pointer, "ECDHE-ECDSA-AES128-GCM-SHA256")
        SSL_CTX_set_cipher_list(host.pointer, "ECDHE-ECDSA-AES256-GCM-SHA384")
        let link = Link(listener, .client(.ticket))
        #expect(link.handshake() == .full)
        #expect(cipher(link) == "ECDHE-ECDSA-AES256-GCM-SHA384")
    }

    @Test func `TLS 1_3 ciphersuites are the new context's`() {
        let (listener, host) = switching(.stateless)
        SSL_CTX_set_ciphersuites(listener.pointer, "TLS_AES_128_GCM_SHA256")
        SSL_CTX_set_ciphersuites(host.pointer, "TLS_CHACHA20_POLY1305_SHA256")
        let link = Link(listener, .client(.stateless))
        #expect(link.handshake() == .full)
        #expect(cipher(link) == "TLS_CHACHA20_POLY1305_SHA256")
    }

    @Test(arguments: [Carrier.ticket, .stateless])
    func `signature algorithms are the new context's`(carrier: Carrier) {
        let (listener, host) = switching(carrier)
        reprise_ctx_set_signature_algorithms(host.pointer, "RSA-PSS+SHA256")
        if case .failed = Link.meet(listener, .client(carrier)).outcome {
        } else {
            Issue.record("an ECDSA signature was made against the host's list")
        }
    }

    @Test(arguments: [Carrier.ticket, .stateless])
    func `groups stay the old context's`(carrier: Carrier) {
        let (listener, host) = switching(carrier)
        reprise_ctx_set_groups(listener.pointer, "P-384:P-256")
        reprise_ctx_set_groups(host.pointer, "P-521")
        let link = Link(listener, .client(carrier))
        #expect(link.handshake() == .full)
        #expect([NID_secp384r1, NID_X9_62_prime256v1].contains(reprise_ssl_group(link.server.ssl)))
    }

    @Test(arguments: [Carrier.ticket, .stateless])
    func `the ALPN callback is the new context's`(carrier: Carrier) {
        let (listener, host) = switching(carrier)
        SSL_CTX_set_alpn_select_cb(host.pointer, chooseFirst, nil)
        let link = Link(listener, .client(carrier))
        SSL_set_alpn_protos(link.client.ssl, [2, 104, 50], 3)
        #expect(link.handshake() == .full)
        var start: UnsafePointer<UInt8>?
        var count: CUnsignedInt = 0
        SSL_get0_alpn_selected(link.client.ssl, &start, &count)
        #expect(Array(UnsafeBufferPointer(start: start, count: Int(count))) == Array("h2".utf8))
    }

    @Test(arguments: [Carrier.ticket, .stateless])
    func `the stapling callback is the new context's`(carrier: Carrier) {
        let (listener, host) = switching(carrier)
        reprise_ctx_set_status_callback(host.pointer, stapleNothing, nil)
        let link = Link(listener, .client(carrier))
        reprise_ssl_request_status(link.client.ssl)
        if case .failed = link.handshake() {
        } else {
            Issue.record("the host's callback was not asked")
        }
    }

    @Test(arguments: [Carrier.ticket, .stateless])
    func `clients' certificates are verified against the new context's store`(carrier: Carrier) {
        let (listener, host) = switching(carrier)
        let client = Context.client(carrier)
        Identity.client.show(in: client.pointer)
        listener.clientHello = { ssl in
            SSL_set_SSL_CTX(ssl, host.pointer)
            SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
            return SSL_CLIENT_HELLO_SUCCESS
        }
        #expect(Link.meet(listener, client).outcome == .failed("certificate verify failed"))
        let store = X509_STORE_new()
        defer { X509_STORE_free(store) }
        X509_STORE_add_cert(store, Identity.client.certificate)
        #expect(reprise_ctx_set_verify_store(host.pointer, store) == 1)
        #expect(Link.meet(listener, client).outcome == .full)
    }

    @Test(arguments: [Carrier.ticket, .stateless])
    func `the names of authorities that a client is told are the new context's`(carrier: Carrier) {
        let (listener, host) = switching(carrier)
        listener.clientHello = { ssl in
            SSL_set_SSL_CTX(ssl, host.pointer)
            SSL_set_verify(ssl, SSL_VERIFY_PEER, nil)
            return SSL_CLIENT_HELLO_SUCCESS
        }
        SSL_CTX_add_client_CA(host.pointer, Identity.other.certificate)
        let link = Link(listener, .client(carrier))
        #expect(link.handshake() == .full)
        #expect(SSL_get0_peer_CA_list(link.client.ssl).map { OPENSSL_sk_num($0) } == 1)
    }

    @Test(arguments: [Carrier.ticket, .stateless])
    func `the server name callback is the new context's, or else the old one's`(carrier: Carrier) {
        for (hostHasOne, expected) in [(true, "host"), (false, "listener")] {
            let (listener, host) = switching(carrier)
            var told: [String] = []
            listener.serverName = { _ in
                told.append("listener")
                return SSL_TLSEXT_ERR_OK
            }
            if hostHasOne {
                host.serverName = { _ in
                    told.append("host")
                    return SSL_TLSEXT_ERR_OK
                }
            }
            #expect(Link.meet(listener, .client(carrier), name: "a.test").outcome == .full)
            #expect(told == [expected])
        }
    }

    @Test(arguments: [Carrier.ticket, .stateless])
    func `an info callback of a context is lost by the switch, and one of the SSL stays`(carrier: Carrier) {
        for isOnSSL in [false, true] {
            let (listener, _) = switching(carrier)
            let told = Told()
            let link: Link
            if isOnSSL {
                link = Link(listener, .client(carrier))
                SSL_set_info_callback(link.server.ssl, informed)
            } else {
                SSL_CTX_set_info_callback(listener.pointer, informed)
                link = Link(listener, .client(carrier))
            }
            SSL_set_ex_data(link.server.ssl, toldIndex, Unmanaged.passUnretained(told).toOpaque())
            #expect(link.handshake() == .full)
            #expect(told.isDone == isOnSSL)
        }
    }

    private func cipher(_ link: Link) -> String {
        String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(link.server.ssl)))
    }
}

private final class Told {
    var isDone = false
}

private let toldIndex = reprise_ssl_new_index()

private func informed(_ ssl: OpaquePointer?, _ place: CInt, _ value: CInt) {
    guard let address = SSL_get_ex_data(ssl, toldIndex), place & SSL_CB_HANDSHAKE_DONE != 0 else { return }
    Unmanaged<Told>.fromOpaque(address).takeUnretainedValue().isDone = true
}

private func chooseFirst(
    _ ssl: OpaquePointer?, _ chosen: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
    _ chosenCount: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?, _ offeredCount: CUnsignedInt,
    _ argument: UnsafeMutableRawPointer?
) -> CInt {
    guard let offered else { return SSL_TLSEXT_ERR_ALERT_FATAL }
    chosen?.pointee = offered + 1
    chosenCount?.pointee = offered[0]
    return SSL_TLSEXT_ERR_OK
}

private func stapleNothing(_ ssl: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> CInt {
    SSL_TLSEXT_ERR_ALERT_FATAL
}
