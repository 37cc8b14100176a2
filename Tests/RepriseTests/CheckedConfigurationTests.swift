import Foundation
import Glibc
import RepriseConfiguration
import RepriseEventLoop
import RepriseRouting
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import Reprise

/// A configuration and the files it names, in memory.
private func source(_ text: String, files: [String: [UInt8]] = [:]) -> ConfigurationSource {
    ConfigurationSource(
        file: "x.yaml", directory: ".", read: { () throws(FileReader.ReadError) in Array(text.utf8) },
        readFile: { (path: String) throws(FileReader.ReadError) in
            guard let bytes = files[path] else { throw FileReader.ReadError(description: "no such file or directory") }
            return bytes
        })
}

private func text(listener: String = "", tls: String = "", host: String = "") -> String {
    """
    listeners:
      - name: web
        bind: ["127.0.0.1:0"]
        router: app
        \(listener)
        tls:
          \(tls)
          hosts: [{ names: [a.test], certificates: [{ chain: a.pem, key: a.key \(host) }] }]
    upstreams: [{ name: app, servers: ["127.0.0.1:1"] }]
    """
}

@Suite struct CheckedConfigurationTests {
    private let now = MemoryServer.now

    private func files(kind: SelfSigned.KeyKind = .ecdsaP256) throws -> [String: [UInt8]] {
        let made = try SelfSigned.make(
            names: ["a.test"], kind: kind, validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        return ["a.pem": made.chainPEM, "a.key": made.keyPEM.withBytes { Array($0) }]
    }

    private func check(_ text: String, _ files: [String: [UInt8]]) throws -> CheckedConfiguration {
        try CheckedConfiguration(source(text, files: files), environment: [:], at: now)
    }

    @Test func `what is good becomes a plan with a context for every listener`() throws {
        let checked = try check(text(), files())
        #expect(checked.faults.isEmpty && checked.warnings.isEmpty, "\(checked.faults) \(checked.warnings)")
        #expect(checked.plan != nil && checked.loadedFiles.hosts["web"] != nil)
    }

    @Test func `faults of the file and of what it names are told together, in the file's order`() throws {
        let checked = try check(text(listener: "timeouts: { idel: 1s }", tls: "groups: X25519:nope"), [:])
        #expect(checked.plan == nil)
        #expect(checked.faults.count == 4, "\(checked.faults)")
        let lines = checked.faults.compactMap { Int($0.split(separator: ":")[1]) }
        #expect(lines == lines.sorted())
    }

    @Test func `fourteen mistakes are fourteen faults, in the file's order`() throws {
        let text = """
            wrkers: 2
            log: { format: xml, level: [info] }
            drain_timeout: 5
            listeners:
              - name: web
                bind: ["127.0.0.1:8443", "${ADDRESS}:8444"]
                router: ap
                timeouts: { idle: 5m, idle: 6m, conect: 1s }
                limits: { per_client: many }
                tls:
                  hosts:
                    - names: [a.test]
                      certificates: [{ chain: missing.pem, key: a.key }]
                    - names: [a.test, -b.test]
                      certificates: [{ chain: a.pem, key: a.key }]
            upstreams:
              - name: app
                servers: ["127.0.0.1:1"]
              - { name: app, servers: ["127.0.0.1:2"] }
            admin: { bind: "127.0.0.1:8443" }
            """
        let checked = try check(text, files())
        #expect(
            checked.faults == [
                "x.yaml:1:1: wrkers: unknown key, did you mean \"workers\"?",
                "x.yaml:2:16: log.format: expected one of text, json, found \"xml\"",
                "x.yaml:2:28: log.level: expected one of trace, debug, info, notice, warning, error, critical, found a list",
                "x.yaml:3:16: drain_timeout: expected a duration such as \"20ms\", from 0ms to 1d, found \"5\"",
                "x.yaml:6:30: listeners[0].bind[1]: the environment variable ADDRESS is not set",
                "x.yaml:7:13: listeners[0].router: no upstream group or router has the name \"ap\", did you mean \"app\"?",
                "x.yaml:8:27: listeners[0].timeouts.idle: the key stands at line 8 already",
                "x.yaml:8:37: listeners[0].timeouts.conect: unknown key, did you mean \"connect\"?",
                "x.yaml:9:27: listeners[0].limits.per_client: expected a whole number from 0 to 10000000, found \"many\"",
                "x.yaml:13:35: listeners[0].tls.hosts[0].certificates[0].chain: missing.pem: cannot be read: no such file or directory",
                "x.yaml:14:19: listeners[0].tls.hosts[1].names[0]: the name a.test is taken by the host at line 12",
                "x.yaml:14:27: listeners[0].tls.hosts[1].names[1]: expected a host name such as \"example.test\" or \"*.example.test\", found \"-b.test\"; no part of a name begins or ends with \"-\"",
                "x.yaml:19:13: upstreams[1].name: the name \"app\" is taken by the upstream group at line 17",
                "x.yaml:20:16: admin.bind: 127.0.0.1:8443 is bound at line 6 already",
            ], "\(checked.faults.joined(separator: "\n"))")
        #expect(checked.plan == nil && checked.warnings.isEmpty, "\(checked.warnings)")
    }

    @Test func `a file's name is told on one printable line`() throws {
        let name = "\\e[31m\\n" + String(repeating: "x", count: 2000)
        let checked = try check(text().replacing("chain: a.pem", with: "chain: \"\(name)\""), files())
        let fault = try #require(checked.faults.first)
        #expect(checked.faults.count == 1 && fault.contains("\\u{1B}[31m\\nxxx") && fault.contains("cannot be read"))
        #expect(fault.count < 500 && !fault.contains("\n"))
    }

    @Test func `a key that is too small for the security level is found before serving`() throws {
        let checked = try check(text(), files(kind: .rsa1024))
        #expect(checked.plan == nil && checked.faults.contains { $0.contains("small") }, "\(checked.faults)")
    }

    @Test func `connections beyond the descriptors are a warning where the file asks for them, and cut down`() throws {
        let loaded = try check(text(listener: "limits: { connections: 9000000 }"), files())
        #expect(loaded.warnings.count == 1 && loaded.warnings[0].contains("RLIMIT_NOFILE"), "\(loaded.warnings)")
        let plan = try #require(loaded.plan)
        let share = ConnectionShare(plan, descriptors: 1064)
        #expect(share.connections(of: plan.listeners[0]) == 500)
        let standard = try #require(check(text(), files()).plan)
        #expect(ConnectionShare(standard, descriptors: 1064).warnings.isEmpty)
        #expect(ConnectionShare(standard, descriptors: 1064).connections(of: standard.listeners[0]) == 500)
    }

    @Test func `a configuration that cannot be read says why`() {
        #expect(throws: RepriseError.self) {
            try CheckedConfiguration(ConfigurationSource(file: "/nonexistent.yaml"), environment: [:], at: now)
        }
    }

    @Test func `what outlives a reload is the same before and after it`() throws {
        var lasting = LastingParts()
        let admission = lasting.admission(of: "web")
        #expect(lasting.admission(of: "web") === admission)
        #expect(lasting.admission(of: "other") !== admission)
        let loads = lasting.loads(of: "app")
        #expect(lasting.loads(of: "app") === loads)
        let plan = try #require(try check(text(), files()).plan)
        try lasting.domains.add(for: plan, at: now)
        #expect(lasting.domains.adapt(to: plan, keys: [:], at: now) == [])
        let domain = try #require(lasting.domains["web"])
        var larger = plan
        larger.listeners[0].sessions.cache.size = ByteCount(1 << 30)
        try lasting.domains.add(for: larger, at: now)
        #expect(lasting.domains.adapt(to: larger, keys: [:], at: now).count == 1)
        #expect(lasting.domains["web"] === domain)
    }

    @Test func `the loads of a group that is gone are kept while connections last`() throws {
        var lasting = LastingParts()
        var plan = try #require(try check(text(), files()).plan)
        let loads = lasting.loads(of: "app")
        do {
            let server = UpstreamServer(id: "a", endpoints: [.ip(.loopback4, port: 1)])
            let group = UpstreamGroup(name: "app", servers: [server], balancing: Balancing(), loads: loads)
            var selection = group.begin()
            #expect(selection.next() != nil)
            let upstreams = plan.upstreams
            plan.upstreams = []
            let waits = lasting.letGo(allBut: plan)
            #expect(waits && lasting.loads(of: "app") === loads)
            plan.upstreams = upstreams
            let waitsStill = lasting.letGo(allBut: plan)
            #expect(!waitsStill && loads.connections == 1)
            selection.end()
            withExtendedLifetime(group) {}
        }
        plan.upstreams = []
        let waits = lasting.letGo(allBut: plan)
        #expect(!waits && lasting.loads(of: "app") !== loads)
    }

    /// In a process of its own: what is taken over, and closed again, would be other tests' sockets.
    @Test func `sockets are taken over only when they are meant for this process`() async {
        await #expect(processExitsWith: .success) {
            guard InheritedSockets(environment: [:]).sockets.isEmpty else { exit(1) }
            let others = InheritedSockets(environment: ["LISTEN_FDS": "1", "LISTEN_PID": "1"], process: 2)
            guard others.unusable.isEmpty && others.sockets.isEmpty else { exit(2) }
            let odd = InheritedSockets(environment: ["LISTEN_FDS": "1", "LISTEN_PID": "2"], process: 2)
            guard odd.sockets.isEmpty || odd.unusable.isEmpty else { exit(3) }
            for count in ["", "two", "-1", "1 "] {
                let misread = InheritedSockets(environment: ["LISTEN_FDS": count, "LISTEN_PID": "2"], process: 2)
                guard misread.unreadable?.hasPrefix("LISTEN_FDS=\(count) ") == true else { exit(5) }
            }
            let nobody = InheritedSockets(environment: ["LISTEN_FDS": "1", "LISTEN_PID": "me"], process: 2)
            let unset = InheritedSockets(environment: ["LISTEN_FDS": "", "LISTEN_PID": ""], process: 2)
            guard unset.unreadable == nil else { exit(7) }
            guard nobody.unreadable?.hasPrefix("LISTEN_PID=me ") == true, others.unreadable == nil else { exit(6) }
            let many = InheritedSockets(environment: ["LISTEN_FDS": "2147483000", "LISTEN_PID": "2"], process: 2)
            let more = " and \(2_147_483_000 - 10 - many.sockets.count) more"
            exit(many.unusableWords?.hasSuffix(more) == true ? 0 : 4)
        }
    }

    @Test func `the admin endpoint's descriptors are set aside before those of clients`() throws {
        let admin = "admin: { bind: \"127.0.0.1:0\", connections: 200 }\n"
        let without = try #require(try check(text(), files()).plan)
        let with = try #require(try check(admin + text(), files()).plan)
        let descriptors = 2 * 1000 + ConnectionShare.reserve
        #expect(ConnectionShare(without, descriptors: descriptors).connections(of: without.listeners[0]) == 1000)
        #expect(ConnectionShare(with, descriptors: descriptors).connections(of: with.listeners[0]) == 900)
    }

    @Test func `memory goes back when a crowd has become half as large, later for a tenth, and not for a few`() {
        #expect(MemoryMaintenance.isWorthTrimming(peak: 1000, open: 500, hasRested: false))
        #expect(!MemoryMaintenance.isWorthTrimming(peak: 1000, open: 501, hasRested: false))
        #expect(MemoryMaintenance.isWorthTrimming(peak: 1000, open: 501, hasRested: true))
        #expect(MemoryMaintenance.isWorthTrimming(peak: 10_000, open: 9000, hasRested: true))
        #expect(!MemoryMaintenance.isWorthTrimming(peak: 10_000, open: 9001, hasRested: true))
        #expect(MemoryMaintenance.isWorthTrimming(peak: 250, open: 0, hasRested: false))
        #expect(!MemoryMaintenance.isWorthTrimming(peak: 249, open: 0, hasRested: true))
    }
}
