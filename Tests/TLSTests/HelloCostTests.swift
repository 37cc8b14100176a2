import Glibc
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// What one ClientHello may hold, and what it may cost.
@Suite(.serialized) struct HelloCostTests {
    private typealias Extension = (type: UInt16, body: [UInt8])

    private static func numbers(_ count: Int, _ number: UInt16) -> [UInt8] {
        MemoryHello.vector16((0..<count).flatMap { _ in [UInt8(number >> 8), UInt8(number & 0xff)] })
    }

    /// A hello with one extension in the place of the ordinary one, or beside the others.
    private static func hello(_ type: UInt16, _ body: [UInt8]) -> MemoryHello {
        var hello = MemoryHello.tls1_3(
            share: [UInt8](repeating: 9, count: 32),
            adding: [(0, MemoryHello.serverName(Array("a.test".utf8))), (45, [1, 1])])
        hello.extensions.removeAll { $0.type == type }
        hello.extensions.append((type, body))
        return hello
    }

    /// The last one is X25519, so that all are looked at.
    private static func groups(_ count: Int) -> MemoryHello {
        hello(10, MemoryHello.vector16((1..<count).flatMap { _ in [0x6a, 0x6a] } + [0, 29]))
    }

    private static func shares(_ count: Int) -> MemoryHello {
        let last: [UInt8] = [0, 29] + MemoryHello.vector16([UInt8](repeating: 9, count: 32))
        return hello(51, MemoryHello.vector16((1..<count).flatMap { _ in [0, 23, 0, 1, 0] as [UInt8] } + last))
    }

    private static func protocols(_ count: Int) -> MemoryHello {
        hello(16, MemoryHello.vector16((0..<count).flatMap { _ in [1, 0x78] } as [UInt8]))
    }

    private static func ciphers(_ count: Int) -> MemoryHello {
        var hello = MemoryHello.tls1_3(share: [UInt8](repeating: 9, count: 32))
        hello.ciphers = (0..<count - 1).map { _ in 0x6a6a } + [0x1301]
        return hello
    }

    private static func identities(_ count: Int) -> MemoryHello {
        .offering((0..<count).map { [UInt8($0 & 0xff)] + [UInt8](repeating: 1, count: 20) })
    }

    private func answer(_ hello: MemoryHello, fragment: Int = .max) throws -> (HandshakeProgress, [UInt8]) {
        let pair = try MemoryPair(server: MemoryServer.context(MemoryServer.settings(alpn: ["x"])))
        pair.fragment = fragment
        return (pair.deliverInHandshake(hello.records), pair.takeOutput())
    }

    @Test(
        arguments: [
            ("cipher suites", TLSLimits.helloCiphers, ciphers), ("groups", TLSLimits.helloGroups, groups),
            ("signature algorithms", TLSLimits.helloSignatureAlgorithms, { hello(13, numbers($0, 0x6a6a)) }),
            ("key shares", TLSLimits.helloKeyShares, shares),
            ("pre-shared keys", TLSLimits.helloIdentities, identities),
            ("application protocols", TLSLimits.helloProtocols, protocols),
        ] as [(String, Int, @Sendable (Int) -> MemoryHello)])
    func `one more than the limit is refused by its name, and the limit is not`(
        what: String, limit: Int, hello: @Sendable (Int) -> MemoryHello
    ) throws {
        var most = hello(limit), more = hello(limit + 1)
        // Beyond what nobody counts, whatever is in it.
        let padding = Extension(21, [UInt8](repeating: 0, count: TLSLimits.plainHelloBytes))
        if more.extensions.last?.type != 41 {
            most.extensions.append(padding)
            more.extensions.append(padding)
        }
        if case .failed(let fault) = try answer(most).0 { #expect(fault.cause != .helloTooLarge, "\(fault)") }
        guard case .failed(let fault) = try answer(more).0 else {
            Issue.record("\(limit + 1) \(what) went on")
            return
        }
        #expect(fault.cause == .helloTooLarge && fault.alertSent == TLSAlert(code: 47))
        #expect(fault.detail == "the ClientHello names more than \(limit) \(what)")
    }

    @Test(arguments: [1, 1000, Int.max])
    func `a ClientHello that is too long is refused, and not waited for`(fragment: Int) throws {
        let long = Self.hello(21, [UInt8](repeating: 0, count: 60_000))
        let pair = try MemoryPair(server: MemoryServer.context())
        pair.fragment = fragment
        guard case .failed(let fault) = pair.deliverInHandshake(Array(long.records.prefix(40_000))) else {
            // In one piece it is seen when it is whole.
            #expect(fragment > 32_768)
            return
        }
        #expect(fault.cause == .helloTooLarge && fault.alertSent == TLSAlert(code: 47))
        #expect(pair.takeOutput() == [21, 3, 1, 0, 2, 2, 47])
        guard case .failed(let whole) = try answer(long).0 else {
            Issue.record("a hello of 60,000 bytes went on")
            return
        }
        #expect(whole.cause == .helloTooLarge && whole.alertSent == TLSAlert(code: 47))
    }

    @Test func `a ClientHello in very many records is refused, and one in many is not`() throws {
        func answered(_ bytes: Int, recordBytes: Int) throws -> HandshakeProgress {
            var hello = Self.hello(21, [UInt8](repeating: 0, count: bytes))
            hello.recordBytes = recordBytes
            return try answer(hello).0
        }
        #expect(try answered(300, recordBytes: 1) == .wantsInput)
        #expect(try answered(20_000, recordBytes: 100) == .wantsInput)
        for bytes in [600, 5000] {
            guard case .failed(let fault) = try answered(bytes, recordBytes: 1) else {
                Issue.record("\(bytes) bytes in records of one went on")
                return
            }
            #expect(fault.cause == .helloTooLarge && fault.alertSent == TLSAlert(code: 47), "\(fault)")
        }
    }

    @Test func `a second ClientHello is bounded like the first`() throws {
        var first = MemoryHello.tls1_3(share: nil, adding: [(0, MemoryHello.serverName(Array("a.test".utf8)))])
        first.recordBytes = 1
        let pair = try MemoryPair(server: MemoryServer.context())
        #expect(pair.deliverInHandshake(first.records) == .wantsInput)
        #expect(pair.takeOutput().first == 22)
        let second = Self.hello(21, [UInt8](repeating: 0, count: 60_000))
        guard case .failed(let fault) = pair.deliverInHandshake(Array(second.records.prefix(40_000))) else {
            // In one piece it is seen when it is whole.
            guard case .failed(let fault) = pair.deliverInHandshake(Array(second.records.dropFirst(40_000))) else {
                Issue.record("it was waited for")
                return
            }
            #expect(fault.cause == .helloTooLarge)
            return
        }
        #expect(fault.cause == .helloTooLarge, "\(fault)")
    }

    /// Everything that can be long, as long as it may be, and as long as it can be.
    private static let costly: [(String, MemoryHello)] = {
        let name: [UInt8] = MemoryHello.vector16([0x30, 0x00])
        let many: [(String, (Int) -> MemoryHello, Int)] = [
            ("ciphers", ciphers, 16_000),
            (
                "known ciphers",
                { _ in
                    var hello = ciphers(2)
                    hello.ciphers = [UInt16](repeating: 0x1302, count: 500) + [0x1301]
                    return hello
                }, 1
            ), ("groups", groups, 16_000), ("shares", shares, 6_400), ("protocols", protocols, 16_000),
            ("identities", identities, 900),
            ("algorithms", { hello(13, numbers($0, 0x0403)) }, 16_000),
        ]
        var all = many.flatMap { what, make, most in
            [
                (what + " at the limit", make(most == 1 ? 1 : min(most, limit(what)))),
                (what + " without end", make(most)),
            ]
        }
        all.append(
            (
                "unknown extensions",
                {
                    var hello = MemoryHello.tls1_3(share: [UInt8](repeating: 9, count: 32))
                    for number in 0..<8000 { hello.extensions.append((0x4a00 &+ UInt16(number), [])) }
                    return hello
                }()
            ))
        all.append(("authorities", hello(47, MemoryHello.vector16((0..<1000).flatMap { _ in name }))))
        all.append(
            (
                "responders",
                hello(
                    5,
                    [1]
                        + MemoryHello.vector16(
                            (0..<100).flatMap { _ in
                                MemoryHello.vector16([0xa2, 4, 4, 2, 1, 1])
                            }) + [0, 0])
            ))
        all.append(
            (
                "groups and shares",
                {
                    var hello = groups(128)
                    hello.extensions.removeAll { $0.type == 51 }
                    hello.extensions.append(contentsOf: shares(32).extensions.filter { $0.type == 51 })
                    return hello
                }()
            ))
        all.append(
            (
                "groups and shares nobody counts",
                {
                    var hello = groups(200)
                    hello.extensions.removeAll { $0.type == 51 }
                    hello.extensions.append(contentsOf: shares(90).extensions.filter { $0.type == 51 })
                    return hello
                }()
            ))
        all.append(("identities nobody counts", identities(18)))
        var inPieces = hello(21, [UInt8](repeating: 0, count: 300))
        inPieces.recordBytes = 1
        all.append(("records of one byte", inPieces))
        var endless = hello(21, [UInt8](repeating: 0, count: 5000))
        endless.recordBytes = 1
        all.append(("records of one byte without end", endless))
        return all
    }()

    private static func limit(_ what: String) -> Int {
        switch what {
        case "ciphers": TLSLimits.helloCiphers
        case "shares": TLSLimits.helloKeyShares
        case "identities": TLSLimits.helloIdentities
        default: 128
        }
    }

    @Test(.disabled(if: Sanitizer.isOn, "a sanitizer has its own costs"), arguments: costly)
    func `no ClientHello costs more than five ordinary ones`(what: String, hello: MemoryHello) throws {
        let listener = try MemoryServer.context(MemoryServer.settings(alpn: ["x"]))
        let ordinary = MemoryHello.tls1_3(
            share: [UInt8](repeating: 9, count: 32), adding: [(0, MemoryHello.serverName(Array("a.test".utf8)))])
        func cost(_ records: [UInt8]) throws -> Double {
            let pair = try MemoryPair(server: listener)
            let start = Self.threadSeconds
            _ = pair.deliverInHandshake(records)
            return Self.threadSeconds - start
        }
        // The least of several, in turn: other work on the machine makes it more, and never less, for seconds on end.
        var (one, other) = (Double.infinity, Double.infinity)
        for round in 0..<400 where round < 20 || other > 5 * one {
            (one, other) = (min(one, try cost(ordinary.records)), min(other, try cost(hello.records)))
        }
        #expect(other <= 5 * one, "\(what): \(other / one) times")
    }

    private static var threadSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
