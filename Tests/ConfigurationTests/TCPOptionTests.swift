import RepriseConfiguration
import RepriseVocabulary
import Testing

@Suite struct TCPOptionTests {
    private func listener(_ tcp: String) throws -> ListenerTCPOptions {
        let loaded = load(configuration(listener: "tcp: { \(tcp) }"))
        return try #require(loaded.plan?.listeners.first?.tcp.options, "\(loaded.faults)")
    }

    private func upstream(_ tcp: String) -> LoadedConfiguration { load(configuration(upstream: "tcp: { \(tcp) }")) }

    @Test func `nothing is asked of the kernel where nothing is written`() throws {
        let plan = try #require(load(configuration()).plan)
        #expect(plan.listeners.first?.tcp.options == ListenerTCPOptions())
        #expect(plan.upstreams.first?.tcp.all == UpstreamTCPOptions())
        let options = ListenerTCPOptions()
        #expect(options.connections == TCPOptions() && options.connections.keepalive == nil)
        #expect(options.sharesPort && options.takesIPv6Alone && options.backlog == 4096 && options.fastOpen == 0)
    }

    @Test func `a listener has what is written, with defaults for the rest`() throws {
        let options = try listener(
            "keepalive: { idle: 2m }, user_timeout: 30s, backlog: 100, fast_open: 256, reuse_port: false, v6only: no")
        let keepalive = try #require(options.connections.keepalive)
        #expect(keepalive.idle == .seconds(120) && keepalive.interval == .seconds(15) && keepalive.count == 4)
        #expect(options.connections.userTimeout == .seconds(30))
        #expect(options.backlog == 100 && options.fastOpen == 256)
        #expect(!options.sharesPort && !options.takesIPv6Alone)
    }

    @Test func `an upstream has its own`() throws {
        let options = try #require(
            upstream("keepalive: { count: 2 }, user_timeout: 5s, dscp: ef, source: 127.0.0.9").plan?.upstreams.first?
                .tcp.all)
        #expect(options.connections.keepalive?.count == 2 && options.connections.userTimeout == .seconds(5))
        #expect(options.connections.serviceClass.codePoint == 46)
        #expect(options.source == .address(IPAddress(ipv4: 0x7f00_0009)))
        #expect(upstream("source: client").plan?.upstreams.first?.tcp.source?.value == .client)
    }

    @Test(arguments: [
        ("0", 0), ("63", 63), ("cs0", 0), ("cs7", 56), ("af11", 10), ("af23", 22), ("af43", 38), ("ef", 46), ("le", 1),
    ])
    func `a class of service is a number or a word`(text: String, codePoint: Int) throws {
        #expect(try listener("dscp: \(text)").connections.serviceClass.codePoint == codePoint)
    }

    @Test(arguments: [
        "dscp: 64", "dscp: -1", "dscp: af14", "dscp: gold", "backlog: 0", "backlog: 65536", "fast_open: -1",
        "keepalive: { idle: 0s }", "keepalive: { idle: 1500ms }", "keepalive: { interval: 32768s }",
        "keepalive: { count: 0 }", "keepalive: { count: 128 }", "keepalive: on", "user_timeout: 2d", "reuse_port: 2",
        "source: 127.0.0.1",
    ])
    func `what a listener cannot have is one fault`(tcp: String) {
        let loaded = load(configuration(listener: "tcp: { \(tcp) }"))
        #expect(loaded.plan == nil && loaded.faults.count == 1, "\(loaded.faults)")
    }

    @Test(arguments: ["source: 0.0.0.0", "source: \"::\"", "source: 127.0.0.1:80", "source: servers", "backlog: 5"])
    func `what an upstream cannot have is one fault`(tcp: String) {
        let loaded = upstream(tcp)
        #expect(loaded.plan == nil && loaded.faults.count == 1, "\(loaded.faults)")
    }

    @Test func `a word that is nearly one is guessed`() {
        let faults = load(configuration(listener: "tcp: { dscp: a43 }")).faults
        #expect(faults.first?.message.contains("did you mean \"af43\"?") == true, "\(faults)")
        #expect(upstream("source: clients").faults.first?.message.contains("did you mean \"client\"?") == true)
    }

    @Test func `keepalive without a key has no effect, as the warning says`() throws {
        let loaded = load(configuration(listener: "tcp: { keepalive: {} }"))
        #expect(loaded.warnings.map(\.message) == ["is empty, and so has no effect"])
        #expect(try #require(loaded.plan?.listeners.first?.tcp.options.connections).keepalive == nil)
    }

    @Test func `servers of another family than the address to connect from are warned of`() {
        let warnings = upstream("source: \"2001:db8::1\"").warnings.map(\.message)
        #expect(warnings == ["has no effect for 127.0.0.1:8080, which is of another family"])
        #expect(upstream("source: 127.0.0.1").warnings.isEmpty)
        #expect(upstream("source: client").warnings.isEmpty)
    }

    @Test func `an IPv6 address that takes IPv4 too overlaps IPv4's`() {
        func faults(_ v6only: Bool, _ bind: String) -> [String] {
            load(
                configuration(listener: "tcp: { v6only: \(v6only) }").replacing(
                    "[\"127.0.0.1:8443\"]", with: bind)
            ).faults.map(\.message)
        }
        for bind in ["[\"[::]:8443\", \"0.0.0.0:8443\"]", "[\"127.0.0.1:8443\", \"[::]:8443\"]"] {
            #expect(faults(true, bind).isEmpty)
            #expect(faults(false, bind).count == 1 && faults(false, bind)[0].contains("overlaps"))
        }
        #expect(faults(false, "[\"[::1]:8443\", \"127.0.0.1:8443\"]").isEmpty)
    }
}
