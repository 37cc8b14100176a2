import RepriseConfiguration
import RepriseVocabulary
import Testing

/// A configuration without faults, with lines put in the place of markers.
func configuration(
    top: String = "", listener: String = "", tls: String = "", host: String = "", upstream: String = ""
) -> String {
    """
    \(top)
    listeners:
      - name: web
        bind: ["127.0.0.1:8443"]
        router: app
        \(listener)
        tls:
          \(tls)
          hosts:
            - names: [example.test]
              certificates: [{ chain: c.pem, key: k.pem }]
              \(host)
    upstreams:
      - name: app
        servers: ["127.0.0.1:8080"]
        \(upstream)
    """
}

func load(_ text: String, environment: [String: String] = [:]) -> LoadedConfiguration {
    ConfigurationLoader.load(
        bytes: Array(text.utf8), file: "x.yaml", directory: "/etc/reprise", environment: environment)
}

@Suite struct ConfigurationFaultTests {
    private func faults(_ text: String, _ environment: [String: String] = [:]) -> [String] {
        load(text, environment: environment).faults.map(\.description)
    }

    @Test func `a minimal file has no fault and every default`() throws {
        let loaded = load(configuration())
        #expect(loaded.faults.isEmpty && loaded.warnings.isEmpty)
        let plan = try #require(loaded.plan)
        #expect(plan.workers == .auto && plan.drainTimeout == .seconds(30) && plan.admin == nil)
        let listener = try #require(plan.listeners.first)
        #expect(listener.timeouts.idle == .seconds(300) && listener.limits.relayBuffer == ByteCount(262_144))
        #expect(listener.sessions.domain == "web" && listener.sessions.lifetime == .seconds(7200))
        #expect(listener.tls.hosts.first?.id == "example.test")
        #expect(listener.tls.hosts.first?.certificates.first?.chain.path == "/etc/reprise/c.pem")
    }

    @Test(arguments: [
        ("timeouts: { idel: 5m }", "6:17: listeners[0].timeouts.idel: unknown key, did you mean \"idle\"?"),
        (
            "timeouts: { idle: 5x }",
            "6:23: listeners[0].timeouts.idle: expected a duration such as \"20ms\", from 1ms to 7d, found \"5x\""
        ),
        (
            "limits: { connections: 0 }",
            "6:28: listeners[0].limits.connections: expected a whole number from 1 to 10000000, found \"0\""
        ),
        (
            "limits: { relay_buffer: 1KiB }",
            "6:29: listeners[0].limits.relay_buffer: expected a size such as \"64KiB\", from 4KiB to 16MiB, found \"1KiB\""
        ),
        (
            "limits: [1]",
            "6:13: listeners[0].limits: expected a mapping with connections, handshakes, handshakes_per_client, handshake_rate, per_client, relay_buffer, key_updates, found a list"
        ),
        ("mode: http", "6:5: listeners[0].mode: \"http\" is not available in this version, only \"tcp\""),
        (
            "mode: http",
            "6:5: listeners[0].mode: \"http\" is not available in this version, only \"tcp\""
        ),
        ("mode: {}", "6:5: listeners[0].mode: a mapping is not available in this version, only \"tcp\""),
        (
            "sessions: { mode: stateles }",
            "6:23: listeners[0].sessions.mode: expected one of both, stateless, stateful, off, found \"stateles\", did you mean \"stateless\"?"
        ),
        (
            "timeouts: { idle: }",
            "6:23: listeners[0].timeouts.idle: expected a duration such as \"20ms\", from 1ms to 7d, found nothing"
        ),
    ])
    func `a fault says where it is, what was expected and what was found`(line: String, message: String) {
        #expect(faults(configuration(listener: line)) == ["x.yaml:\(message)"])
    }

    @Test(arguments: [
        "mode: tcp", "proxy_protocol: off", "sessions: { mode: off }", "sessions: { single_use: false }",
        "sessions: { tickets: { keys: [] } }",
    ])
    func `a value that is in force anyway is fine, YAML 1.1's words too`(line: String) {
        let loaded = load(configuration(listener: line))
        #expect(loaded.faults.isEmpty && loaded.warnings.isEmpty, "\(loaded.faults) \(loaded.warnings)")
    }

    @Test func `an option that would protect, and does not yet, is a fault`() {
        #expect(faults(configuration(listener: "mode: http")).count == 1)
        #expect(faults(configuration(upstream: "tls: { ca: a.pem }")).count == 1)
    }

    @Test func `affinity is an option, and its bound is nothing without it`() throws {
        let loaded = load(configuration(upstream: "affinity: session\n    affinity_max_load: 1.5"))
        #expect(loaded.faults.isEmpty && loaded.warnings.isEmpty)
        let upstream = try #require(loaded.plan?.upstreams.first)
        #expect(upstream.affinity == .session && upstream.affinityBound == .share(1.5))
        #expect(
            load(configuration(upstream: "affinity_max_load: 1.5")).warnings.map(\.message) == [
                "has no effect without \"affinity: session\""
            ])
        #expect(faults(configuration(upstream: "affinity: cookie")).count == 1)
        #expect(faults(configuration(upstream: "affinity: session\n    affinity_max_load: 0.5")).count == 1)
    }

    @Test func `all faults are told at once, in the order of the file`() {
        let text = """
            workers: many
            log: { format: xml, level: loud }
            drain_timeout: soon
            listners: []
            listeners:
              - name: "a b"
                bind: ["localhost:1"]
                router: nowhere
                tls: { profile: best, hosts: [ { names: ["*"], certificates: [] } ] }
            upstreams:
              - name: app
                servers: ["127.0.0.1"]
            """
        let found = faults(text)
        let lines = found.map { Int($0.split(separator: ":")[1]) ?? 0 }
        #expect(lines == [1, 2, 2, 3, 4, 6, 7, 8, 9, 9, 9, 12], "\(found.joined(separator: "\n"))")
    }

    @Test func `names that meet are faults that name the other's place`() {
        let twice = configuration() + "\n  - name: app\n    servers: [\"127.0.0.1:1\", \"127.0.0.1:1\"]\n"
        #expect(
            faults(twice).contains { $0.hasSuffix("the name \"app\" is taken by the upstream group at line 14") },
            "\(faults(twice))")
        #expect(faults(twice).contains { $0.contains("the server id \"127.0.0.1:1\" is taken at line") })
    }

    @Test func `a route to nowhere suggests the group that was meant`() {
        let text = configuration().replacing("router: app", with: "router: ap")
        #expect(
            faults(text) == [
                "x.yaml:5:13: listeners[0].router: no upstream group or router has the name \"ap\", did you mean \"app\"?"
            ])
    }

    @Test func `an upstream group that nobody uses is a warning`() {
        let text = configuration() + "\n  - { name: spare, servers: [\"127.0.0.1:1\"] }\n"
        #expect(load(text).warnings.map(\.message) == ["no listener routes to the upstream group \"spare\""])
    }

    @Test(arguments: [
        ("", "expected a configuration, found an empty file"),
        ("# nothing\n", "expected a configuration, found an empty file"),
        ("- a\n- b\n", "expected a mapping"), ("a: b: c\n", "not YAML"), ("a: [\n", "not YAML"),
        ("\ta: 1\n", "not YAML"),
        ("a: 1\na: 2\n", "already"), ("a: *nobody\n", "undefined alias"), ("---\na: 1\n---\nb: 1\n", "one document"),
        ("log: text\n", "expected a mapping with output, format, level"),
    ])
    func `what is no configuration at all is a fault with a place`(text: String, message: String) {
        let found = faults(text)
        #expect(found.contains { $0.contains(message) && $0.hasPrefix("x.yaml:") }, "\(found)")
    }

    @Test func `aliases that stand for millions of values are refused, not unfolded`() {
        var text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        for level in 1..<12 {
            text += "a\(level): &a\(level) [\((0..<9).map { _ in "*a\(level - 1)" }.joined(separator: ","))]\n"
        }
        #expect(!faults(text).isEmpty)
    }

    @Test func `variables of the environment are put in, and a missing one is a fault without its value`() {
        let text = configuration(listener: "timeouts: { idle: \"${IDLE}\", connect: \"${CONNECT:-3s}\" }")
        let loaded = load(text, environment: ["IDLE": "7m"])
        #expect(loaded.plan?.listeners.first?.timeouts.idle == .seconds(420))
        #expect(loaded.plan?.listeners.first?.timeouts.connect == .seconds(3))
        #expect(load(text).faults.contains { $0.message == "the environment variable IDLE is not set" })
        #expect(
            load(configuration(top: "drain_timeout: \"$${X}\"")).faults.first?.message.contains("found \"${X}\"")
                == true)
    }

    @Test func `no mutation of a good file brings the reader down`() {
        let good = Array(configuration(listener: "timeouts: { idle: 5m }").utf8)
        var state: UInt64 = 7
        func next() -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33)
        }
        let interesting = Array("{}[]:,-&*!|>'\"%@`#\n\t $~\0\u{FF}".utf8)
        for _ in 0..<3000 {
            var bytes = good
            for _ in 0..<(1 + next() % 4) {
                let index = next() % bytes.count
                switch next() % 4 {
                case 0: bytes[index] = interesting[next() % interesting.count]
                case 1: bytes.remove(at: index)
                // Keys that stand twice.
                case 2: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + next() % 60)], at: index)
                default: bytes.insert(interesting[next() % interesting.count], at: index)
                }
            }
            let loaded = ConfigurationLoader.load(bytes: bytes, file: "x.yaml", directory: ".", environment: [:])
            #expect((loaded.plan == nil) == !loaded.faults.isEmpty)
        }
    }
}
