import Configuration
import Foundation
import TLS
import TestSupport
import Testing
import Vocabulary

@testable import Reprise

/// A configuration and the files it names, in memory.
private func source(_ text: String, files: [String: [UInt8]] = [:]) -> ConfigurationSource {
    ConfigurationSource(
        file: "x.yaml", directory: ".", read: { () throws(FileReader.Failure) in Array(text.utf8) },
        readFile: { (path: String) throws(FileReader.Failure) in
            guard let bytes = files[path] else { throw FileReader.Failure(description: "no such file or directory") }
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
        #expect(checked.plan != nil && checked.material.hosts["web"] != nil)
    }

    @Test func `faults of the file and of what it names are told together, in the file's order`() throws {
        let checked = try check(text(listener: "timeouts: { idel: 1s }", tls: "groups: X25519:nope"), [:])
        #expect(checked.plan == nil)
        #expect(checked.faults.count == 4, "\(checked.faults)")
        let lines = checked.faults.compactMap { Int($0.split(separator: ":")[1]) }
        #expect(lines == lines.sorted())
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
        let plan = try #require(try check(text(), files()).plan)
        try lasting.domains.add(for: plan, at: now)
        #expect(lasting.domains.adapt(to: plan, keys: [:], at: now) == [])
        let domain = try #require(lasting.domains["web"])
        var larger = plan
        larger.listeners[0].sessions.cacheSize = ByteCount(1 << 30)
        try lasting.domains.add(for: larger, at: now)
        #expect(lasting.domains.adapt(to: larger, keys: [:], at: now).count == 1)
        #expect(lasting.domains["web"] === domain)
    }

    @Test func `sockets are taken over only when they are meant for this process`() {
        #expect(InheritedSockets(environment: [:]).sockets.isEmpty)
        #expect(InheritedSockets(environment: ["LISTEN_FDS": "1", "LISTEN_PID": "1"], process: 2).unusable.isEmpty)
        let odd = InheritedSockets(environment: ["LISTEN_FDS": "1", "LISTEN_PID": "2"], process: 2)
        #expect(odd.sockets.isEmpty || odd.unusable.isEmpty)
    }

    @Test func `memory goes back when a crowd has become half as large, and not for a few`() {
        #expect(MemoryUpkeep.isWorthTrimming(peak: 1000, open: 500))
        #expect(!MemoryUpkeep.isWorthTrimming(peak: 1000, open: 501))
        #expect(!MemoryUpkeep.isWorthTrimming(peak: 999, open: 0))
    }
}
