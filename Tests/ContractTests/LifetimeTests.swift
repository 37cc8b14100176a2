import CRepriseOpenSSL
import Glibc
import RepriseTestSupport
import Testing

/// How long libssl lets a session be resumed. No test waits: the time that a session was made at is moved instead.
@Suite struct LifetimeTests {
    /// A server whose sessions can be made to look older before they are handed out.
    private final class Aging {
        let server: Context
        let client: Context
        let store = OutsideStore()
        /// How many seconds ago the next sessions were made.
        var age = 0
        var timeout: Int?
        /// What was found out about a session when it came back: its age and timeout.
        var found: [(age: Int, timeout: Int)] = []

        init(_ carrier: Carrier) {
            (server, client) = (Context.server(carrier), Context.client(carrier))
            server.use(store)
            server.ticketMade = { [unowned self] ssl in
                mark(SSL_get_session(ssl))
                return 1
            }
            // A TLS 1.2 session with an id is marked when it is kept.
            store.whenKept = { [unowned self] session in
                if carrier == .id { mark(session) }
            }
            store.whenFound = { [unowned self] in look($0) }
            server.ticketOpened = { [unowned self] session, _ in
                guard let session else { return SSL_TICKET_RETURN_IGNORE_RENEW }
                look(session)
                return SSL_TICKET_RETURN_USE_RENEW
            }
        }

        private func mark(_ session: OpaquePointer?) {
            if age > 0 { reprise_session_set_time(session, time(nil) - age) }
            if let timeout { SSL_SESSION_set_timeout(session, timeout) }
        }

        private func look(_ session: OpaquePointer?) {
            found.append((time(nil) - reprise_session_time(session), SSL_SESSION_get_timeout(session)))
        }

        func first() throws -> Session { try Link.firstSession(server, client) }
        func resume(_ session: Session) -> (outcome: Link.Outcome, sessions: [Session]) {
            Link.meet(server, client, resuming: session)
        }
    }

    @Test(arguments: Carrier.allCases)
    func `the default is two hours`(carrier: Carrier) throws {
        let aging = Aging(carrier)
        #expect(SSL_CTX_get_timeout(aging.server.pointer) == 7200)
        #expect(try aging.resume(aging.first()).outcome == .resumed)
        #expect(aging.found.first?.timeout == 7200)
    }

    @Test(arguments: Carrier.allCases)
    func `a session is refused once it is older than its timeout`(carrier: Carrier) throws {
        let aging = Aging(carrier)
        aging.timeout = 1000
        aging.age = 500
        #expect(try aging.resume(aging.first()).outcome == .resumed)
        aging.age = 1500
        #expect(try aging.resume(aging.first()).outcome == .full)
    }

    @Test(arguments: Carrier.allCases)
    func `the timeout is frozen when the session is made`(carrier: Carrier) throws {
        let aging = Aging(carrier)
        aging.age = 500
        let session = try aging.first()
        SSL_CTX_set_timeout(aging.server.pointer, 10)
        #expect(aging.resume(session).outcome == .resumed)
    }

    @Test(arguments: Carrier.allCases)
    func `SSL_CTX_set_timeout is what new sessions are made with`(carrier: Carrier) throws {
        let aging = Aging(carrier)
        SSL_CTX_set_timeout(aging.server.pointer, 77)
        #expect(try aging.resume(aging.first()).outcome == .resumed)
        #expect(aging.found.first?.timeout == 77)
    }

    @Test(arguments: Carrier.sealed)
    func `the hint that a client gets is the timeout`(carrier: Carrier) throws {
        let aging = Aging(carrier)
        aging.timeout = 77
        #expect(try aging.first().lifetimeHint == 77)
    }

    /// But for early patches of 3.0 (seen: 3.0.2), where ours is what keeps a timeout below a week.
    @Test func `a TLS 1_3 client reads of no more than a week`() throws {
        for carrier in Carrier.tls13 {
            let aging = Aging(carrier)
            aging.timeout = 700_000
            let hint = try aging.first().lifetimeHint
            #expect(hint == 604_800 || (hint == 700_000 && LibraryVersion.is3_0(before: 13)), "\(hint)")
        }
    }

    @Test func `a TLS 1_2 client reads of more than a week`() throws {
        let aging = Aging(.ticket)
        aging.timeout = 700_000
        #expect(try aging.first().lifetimeHint == 700_000)
    }

    @Test(arguments: Carrier.tls13)
    func `a TLS 1_3 server itself accepts a session that is older than a week`(carrier: Carrier) throws {
        let aging = Aging(carrier)
        aging.timeout = 1_000_000
        aging.age = 800_000
        #expect(try aging.resume(aging.first()).outcome == .resumed)
    }

    @Test func `a renewed TLS 1_2 ticket keeps the time and the timeout, and its hint is 0`() throws {
        let aging = Aging(.ticket)
        (aging.age, aging.timeout) = (500, 1000)
        let session = try aging.first()
        (aging.age, aging.timeout) = (0, nil)
        let second = aging.resume(session)
        #expect(second.outcome == .resumed && second.sessions.first?.lifetimeHint == 0)
        guard let renewed = second.sessions.first else { return }
        #expect(aging.resume(renewed).outcome == .resumed)
        #expect(aging.found.allSatisfy { (500..<600).contains($0.age) && $0.timeout == 1000 })
        #expect(aging.found.count == 2)
    }

    @Test(arguments: Carrier.tls13)
    func `each TLS 1_3 resumption begins a new lifetime, as long as the old one`(carrier: Carrier) throws {
        let aging = Aging(carrier)
        (aging.age, aging.timeout) = (500, 1000)
        let session = try aging.first()
        (aging.age, aging.timeout) = (0, nil)
        let second = aging.resume(session)
        #expect(second.outcome == .resumed)
        guard let renewed = second.sessions.first else { return }
        #expect(aging.resume(renewed).outcome == .resumed)
        #expect(aging.found.first.map { $0.age >= 500 && $0.timeout == 1000 } == true)
        #expect(aging.found.last.map { $0.age < 100 && $0.timeout == 1000 } == true)
    }

    @Test func `resuming a TLS 1_2 session by its id begins no new lifetime`() throws {
        let aging = Aging(.id)
        (aging.age, aging.timeout) = (500, 1000)
        let session = try aging.first()
        #expect(aging.resume(session).outcome == .resumed && aging.resume(session).outcome == .resumed)
        #expect(aging.store.sessions.count == 1)
        #expect(aging.found.count == 2 && aging.found.allSatisfy { $0.age >= 500 })
    }
}
