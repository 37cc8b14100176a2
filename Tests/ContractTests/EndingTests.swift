import CRepriseOpenSSL
import Testing

/// What an ending does to a session that libssl's own cache holds.
@Suite struct EndingTests {
    private final class Watch {
        let link: Link
        let server: Context
        let client: Context
        let given: Session
        /// The server's session, held beyond its connection.
        let session: OpaquePointer?
        var removals = 0

        init(_ carrier: Carrier, options: UInt64 = 0) throws {
            (server, client) = (Context.server(carrier), Context.client(carrier))
            SSL_CTX_set_options(server.pointer, options)
            link = Link(server, client)
            #expect(link.handshake() == .full)
            given = try link.client.session(0)
            session = SSL_get1_session(link.server.ssl)
            server.removedSession = { [unowned self] _ in removals += 1 }
        }

        deinit {
            server.removedSession = nil
            SSL_SESSION_free(session)
        }

        var isResumable: Bool { SessionFields.isResumable(session) }

        func expectKept(_ place: SourceLocation = #_sourceLocation) {
            #expect(isResumable && removals == 0, sourceLocation: place)
            #expect(Link.meet(server, client, resuming: given).outcome == .resumed, sourceLocation: place)
        }

        func expectDestroyed(_ place: SourceLocation = #_sourceLocation) {
            #expect(!isResumable && removals == 1, sourceLocation: place)
            #expect(Link.meet(server, client, resuming: given).outcome == .full, sourceLocation: place)
        }
    }

    @Test(arguments: Carrier.remembered)
    func `SSL_free without SSL_shutdown destroys the session`(carrier: Carrier) throws {
        let watch = try Watch(carrier)
        watch.link.server.free()
        watch.expectDestroyed()
    }

    @Test(arguments: Carrier.remembered)
    func `SSL_clear without SSL_shutdown destroys the session`(carrier: Carrier) throws {
        let watch = try Watch(carrier)
        SSL_clear(watch.link.server.ssl)
        watch.expectDestroyed()
    }

    @Test(arguments: Carrier.remembered)
    func `one SSL_shutdown is enough to keep the session`(carrier: Carrier) throws {
        let watch = try Watch(carrier)
        #expect(watch.link.server.shutdown() == 0)
        watch.link.server.free()
        watch.expectKept()
    }

    @Test(arguments: Carrier.remembered)
    func `quiet shutdown keeps the session only together with SSL_shutdown`(carrier: Carrier) throws {
        let silent = try Watch(carrier)
        SSL_set_quiet_shutdown(silent.link.server.ssl, 1)
        silent.link.server.free()
        silent.expectDestroyed()

        let said = try Watch(carrier)
        SSL_set_quiet_shutdown(said.link.server.ssl, 1)
        #expect(said.link.server.shutdown() == 1)
        said.link.server.free()
        said.expectKept()
    }

    @Test(arguments: Carrier.remembered, [SSL_SENT_SHUTDOWN, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN])
    func `SSL_set_shutdown with the sent flag keeps the session`(carrier: Carrier, flags: CInt) throws {
        let watch = try Watch(carrier)
        SSL_set_shutdown(watch.link.server.ssl, flags)
        watch.link.server.free()
        watch.expectKept()
    }

    @Test(arguments: Carrier.remembered)
    func `SSL_set_shutdown with the received flag alone does not`(carrier: Carrier) throws {
        let watch = try Watch(carrier)
        SSL_set_shutdown(watch.link.server.ssl, SSL_RECEIVED_SHUTDOWN)
        watch.link.server.free()
        watch.expectDestroyed()
    }

    @Test(arguments: Carrier.remembered)
    func `reading the peer's close_notify does not keep the session`(carrier: Carrier) throws {
        let watch = try Watch(carrier)
        watch.link.client.shutdown()
        watch.link.server.read()
        #expect(watch.link.server.trouble == .closed)
        watch.link.server.free()
        watch.expectDestroyed()
    }

    @Test(arguments: Carrier.remembered)
    func `a fatal alert received destroys the session at once, and no flag helps`(carrier: Carrier) throws {
        let watch = try Watch(carrier)
        watch.link.makeClientSendAlert()
        watch.link.server.read()
        #expect(watch.link.server.failure?.contains("alert") == true)
        #expect(!watch.isResumable)
        SSL_set_shutdown(watch.link.server.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        watch.link.server.free()
        watch.expectDestroyed()
    }

    @Test(arguments: Carrier.remembered)
    func `a fatal alert sent destroys the session at once, and no flag helps`(carrier: Carrier) throws {
        let watch = try Watch(carrier)
        watch.link.forge(Link.badRecord)
        watch.link.server.read()
        #expect(watch.link.server.failure != nil)
        #expect(!watch.isResumable)
        SSL_set_shutdown(watch.link.server.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        watch.link.server.free()
        watch.expectDestroyed()
    }

    @Test(arguments: Carrier.remembered)
    func `a bare end of the stream destroys the session inside SSL_read`(carrier: Carrier) throws {
        let watch = try Watch(carrier)
        watch.link.endClientStream()
        watch.link.server.read()
        #expect(watch.link.server.failure == "unexpected eof while reading")
        #expect(!watch.isResumable)
        watch.link.server.shutdown()
        watch.link.server.free()
        watch.expectDestroyed()
    }

    @Test(arguments: Carrier.remembered)
    func `with SSL_OP_IGNORE_UNEXPECTED_EOF a bare end reads like a close_notify, and keeps it`(carrier: Carrier) throws
    {
        let watch = try Watch(carrier, options: reprise_op_ignore_unexpected_eof())
        watch.link.endClientStream()
        watch.link.server.read()
        #expect(watch.link.server.trouble == .closed)
        #expect(SSL_get_shutdown(watch.link.server.ssl) == SSL_RECEIVED_SHUTDOWN)
        // The other direction still works.
        #expect(watch.link.server.write("more"))
        #expect(watch.link.client.read() == "more")
        watch.link.server.shutdown()
        watch.link.server.free()
        watch.expectKept()
    }

    @Test(arguments: Carrier.remembered)
    func `a bare end behind our close_notify makes libssl forget that it was sent`(carrier: Carrier) throws {
        let forgotten = try Watch(carrier, options: reprise_op_ignore_unexpected_eof())
        forgotten.link.server.shutdown()
        forgotten.link.endClientStream()
        forgotten.link.server.read()
        #expect(SSL_get_shutdown(forgotten.link.server.ssl) == SSL_RECEIVED_SHUTDOWN)
        forgotten.link.server.free()
        forgotten.expectDestroyed()

        let repeated = try Watch(carrier, options: reprise_op_ignore_unexpected_eof())
        repeated.link.server.shutdown()
        repeated.link.endClientStream()
        repeated.link.server.read()
        SSL_set_shutdown(repeated.link.server.ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN)
        repeated.link.server.free()
        repeated.expectKept()
    }

    @Test(arguments: Carrier.remembered)
    func `a resumption that stops midway does not cost the session`(carrier: Carrier) throws {
        let watch = try Watch(carrier)
        watch.link.server.shutdown()
        let stopped = Link(watch.server, watch.client, resuming: watch.given)
        stopped.client.handshake()
        stopped.server.handshake()
        #expect(!stopped.server.isDone && stopped.server.wasResumed)
        #expect(stopped.server.shutdown() == -1)
        stopped.server.free()
        watch.expectKept()
    }
}
