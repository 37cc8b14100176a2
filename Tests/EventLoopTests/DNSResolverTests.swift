import Foundation
import RepriseEventLoop
import RepriseTestSupport
import RepriseVocabulary
import Testing

@Suite(.serialized) struct DNSResolverTests {
    /// What names of the fake server's resolve to.
    ///
    /// - Parameter milliseconds: for what is never answered; long enough for a busy machine where an answer comes.
    private func resolve(
        _ names: String..., port: Int? = nil, within milliseconds: Int = 5000
    ) throws -> [DNSResolver.Result] {
        let server = try FakeDNS()
        defer { server.stop() }
        var settings = DNSResolver.Settings()
        settings.servers = "127.0.0.1:\(port ?? server.port)"
        settings.timeout = .milliseconds(milliseconds)
        return try withLoop { loop in
            let results = Locked<[Int: DNSResolver.Result]>([:])
            let isClosed = Locked(false)
            // nonisolated(unsafe): touched on the loop alone.
            nonisolated(unsafe) var resolver: DNSResolver?
            let hosts = names.compactMap { name in
                ServiceName(parsing: name).map(DNSName.service) ?? HostEndpoint(parsing: "\(name):80").map(DNSName.host)
            }
            #expect(hosts.count == names.count)
            loop.execute { [settings] in
                let made = DNSResolver(on: loop, settings)
                resolver = made
                for (index, host) in hosts.enumerated() {
                    made.resolve(host) { result in results.withLock { $0[index] = result } }
                }
            }
            #expect(eventually { results.withLock { $0.count } == hosts.count })
            loop.execute {
                resolver?.close()
                resolver = nil
                isClosed.withLock { $0 = true }
            }
            #expect(eventually { isClosed.withLock { $0 } })
            return results.withLock { results in hosts.indices.compactMap { results[$0] } }
        }
    }

    private func endpoints(_ texts: String...) -> Set<Endpoint> { Set(texts.compactMap { Endpoint(parsing: $0) }) }

    @Test func `a name has its addresses of both families, and the smallest TTL`() throws {
        let answer = try #require(try resolve("ok.example.test").first).get()
        #expect(Set(answer.endpoints) == endpoints("127.0.0.1:80", "[::1]:80"))
        #expect(answer.lifetime == .seconds(40))
    }

    @Test func `an alias is followed, and its TTL counts`() throws {
        let answer = try #require(try resolve("alias.example.test").first).get()
        #expect(answer.endpoints == Array(endpoints("127.0.0.1:80")))
        #expect(answer.lifetime == .seconds(7))
    }

    @Test func `a TTL is bounded to one second and one hour`() throws {
        let answers = try resolve("zero.example.test", "week.example.test").map { try $0.get() }
        #expect(answers.map(\.lifetime) == [.seconds(1), .seconds(3600)])
    }

    @Test func `the hosts file comes first, though the server knows better`() throws {
        let answer = try #require(try resolve("localhost").first).get()
        #expect(answer.endpoints.allSatisfy { endpoints("127.0.0.1:80", "[::1]:80").contains($0) })
        #expect(answer.lifetime == .seconds(10))
    }

    @Test func `an answer that was cut short is fetched by TCP, and 256 of 500 addresses are taken`() throws {
        let answer = try #require(try resolve("many.example.test").first).get()
        #expect(answer.endpoints.count == 256)
        #expect(Set(answer.endpoints).count == 256)
    }

    @Test func `an address that comes twice is taken once`() throws {
        #expect(
            try #require(try resolve("twice.example.test").first).get().endpoints == Array(endpoints("127.0.0.9:80")))
    }

    @Test func `one family is enough when the server fails at the other`() throws {
        #expect(
            try #require(try resolve("half.example.test").first).get().endpoints == Array(endpoints("127.0.0.1:80")))
    }

    @Test func `a failure has its words`() throws {
        let names = ["nx", "none", "fail", "refuse"]
        let words = try resolve(
            "nx.example.test", "none.example.test", "fail.example.test", "refuse.example.test"
        ).map { "\($0)" }
        let expected = [
            "no such name", "the name has no address", "the DNS server failed", "the DNS server refused",
        ]
        for (index, name) in names.enumerated() {
            #expect(
                words[index].contains(expected[index])
                    || index > 1 && words[index].contains("no DNS server answers well"), "\(name): \(words[index])")
        }
    }

    @Test(arguments: ["silent", "other", "garbage"])
    func `silence, an answer to another question, and garbage are no answer`(name: String) throws {
        let result = try #require(try resolve("\(name).example.test", within: 100).first)
        #expect(result == .failure(DNSError("no answer in time")))
    }

    @Test func `the address of another name within an answer is not taken`() throws {
        let result = try #require(try resolve("lie.example.test").first)
        #expect(throws: DNSError.self, "\(result)") { try result.get() }
    }

    @Test func `each answer of a name that changes is the present one`() throws {
        let names = try resolve("changing.a.test", "changing.b.test", "changing.c.test").map { try $0.get().endpoints }
        #expect(Set(names).count == 3)
    }

    @Test func `a service has the hosts that offer it, by priority, and the smallest TTL of all`() throws {
        let answer = try #require(try resolve("srv:_web._tcp.example.test").first).get()
        #expect(
            answer.endpoints.map(\.description) == [
                "127.0.0.1:7001", "[::1]:7001", "127.0.0.1:7002", "127.0.0.1:7003",
            ]
                || answer.endpoints.map(\.description) == [
                    "127.0.0.1:7002", "[::1]:7001", "127.0.0.1:7001", "127.0.0.1:7003",
                ], "\(answer)")
        #expect(answer.targets.map(\.priority) == [10, 10, 20])
        #expect(answer.lifetime == .seconds(30))
    }

    @Test func `a host of a service that does not resolve leaves the others`() throws {
        let answer = try #require(try resolve("srv:_dead._tcp.example.test").first).get()
        #expect(answer.endpoints == Array(endpoints("127.0.0.1:7003")))
    }

    @Test func `of a hundred hosts those of the least priority are taken`() throws {
        let answer = try #require(try resolve("srv:_crowd._tcp.example.test").first).get()
        #expect(answer.targets.map(\.priority) == Array(0..<64))
    }

    @Test func `a host that DNS fails at is missing, and one that there is none of is not`() throws {
        let answer = try #require(try resolve("srv:_partly._tcp.example.test").first).get()
        #expect(answer.endpoints == Array(endpoints("127.0.0.1:7001")))
        let missing = try #require(answer.missing.first)
        #expect(answer.missing.count == 1 && "\(missing.host)" == "fail.example.test:7003")
        #expect(missing.priority == 20 && missing.weight == 3)
        let known = [ServiceTarget(priority: 1, host: missing.host, endpoints: Array(endpoints("127.0.0.5:7003")))]
        let kept = answer.keeping(known)
        #expect(kept.targets.map(\.priority) == [10, 20] && kept.endpoints.last == known[0].endpoints[0])
    }

    @Test func `an alias of a service is followed, and the records of another name are not taken`() throws {
        let answer = try #require(try resolve("srv:_alias._tcp.example.test").first).get()
        #expect(answer.endpoints == Array(endpoints("127.0.0.1:7001")) && answer.lifetime == .seconds(7))
    }

    @Test func `hosts share the room for addresses, and those with few give theirs to the others`() {
        func target(_ count: UInt16, _ host: UInt16) -> ServiceTarget {
            ServiceTarget(priority: host, endpoints: (1...count).map { .ip(.loopback4, port: host * 1000 + $0) })
        }
        let answer = DNSAnswer(targets: [target(500, 1), target(6, 2), target(500, 3)], lifetime: .seconds(1))
        #expect(answer.targets.map(\.endpoints.count) == [125, 6, 125])
    }

    @Test(arguments: [
        ("_none", "no host offers the service"), ("_empty", "the name has no SRV record"),
        ("_lie", "the name has no SRV record"), ("_loop", "the DNS server's answer is malformed"),
        ("_torn", "the DNS server's answer is malformed"),
    ])
    func `a service without hosts has its words`(name: String, words: String) throws {
        let result = try #require(try resolve("srv:\(name)._tcp.example.test").first)
        #expect("\(result)".contains(words), "\(result)")
        #expect(throws: DNSError.self) { try result.get() }
    }

    @Test func `the system's resolver is waited for where there is no loop`() throws {
        let host = try #require(HostEndpoint(parsing: "localhost:80"))
        #expect(throws: Never.self) { try DNSResolver.wait(for: .host(host))?.get() }
    }

    @Test func `nobody at the server's port is a failure`() throws {
        let result = try #require(try resolve("ok.example.test", port: 1).first)
        #expect(throws: DNSError.self) { try result.get() }
    }

    @Test func `after it is closed nothing is called back, with questions open`() throws {
        let server = try FakeDNS()
        defer { server.stop() }
        try withLoop { loop in
            let calls = Locked(0)
            let isOver = Locked(false)
            loop.execute {
                var settings = DNSResolver.Settings()
                settings.servers = server.address
                let resolver = DNSResolver(on: loop, settings)
                for name in ["silent.example.test:80", "localhost:80"] {
                    HostEndpoint(parsing: name).map { resolver.resolve(.host($0)) { _ in calls.withLock { $0 += 1 } } }
                }
                resolver.close()
                resolver.close()
            }
            loop.execute { loop.execute { isOver.withLock { $0 = true } } }
            #expect(eventually { isOver.withLock { $0 } })
            #expect(calls.withLock { $0 } == 0)
        }
    }

    @Test func `it may be closed by whom it calls back`() throws {
        try withLoop { loop in
            let calls = Locked(0)
            loop.execute {
                // nonisolated(unsafe): touched on the loop alone.
                nonisolated(unsafe) let resolver = DNSResolver(on: loop)
                for _ in 0..<2 {
                    HostEndpoint(parsing: "localhost:80").map {
                        resolver.resolve(.host($0)) { _ in
                            calls.withLock { $0 += 1 }
                            resolver.close()
                        }
                    }
                }
            }
            #expect(eventually { calls.withLock { $0 } == 1 })
        }
    }
}
