import Glibc
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Memory is back where it was, whatever a connection went through. In a process of its own: what other suites
/// allocate would count too.
@Suite struct LeakTests {
    /// Sanitizers keep freed memory back, and look for leaks by themselves.
    static let isSanitized = ["__asan_init", "__tsan_init"].contains { (name: String) in dlsym(nil, name) != nil }

    @Test(.enabled(if: !isSanitized)) func `ten thousand handshakes leave nothing behind`() async {
        await #expect(processExitsWith: .success) {
            // 100 bytes a connection would be 1 MB.
            exit(try Rounds.growth() < 4 << 20 ? 0 : 1)
        }
    }
}

private enum Rounds {
    /// Memory the process holds, in bytes: resident, since libcrypto's and Swift's allocations both count.
    private static func resident() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        fgets(&line, CInt(line.count), file)
        let fields = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            .split(separator: " ")
        return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * sysconf(CInt(_SC_PAGESIZE))
    }

    private static func connect(to context: MemoryListener, round: Int) throws {
        var options = MemoryClient.Options(serverName: round.isMultiple(of: 3) ? "else.test" : "a.test")
        if round.isMultiple(of: 2) { options.maximumVersion = .tls1_2 }
        if round.isMultiple(of: 5) { options.maximumVersion = .tls1_1 }
        let pair = try MemoryPair(server: context, client: options)
        if round.isMultiple(of: 7) { pair.fragment = 100 }
        guard pair.handshake() == .done else { return }
        try pair.client.write([UInt8](repeating: 1, count: 3000))
        if round.isMultiple(of: 4) {
            pair.client.sendCloseNotify()
            _ = pair.serverReads()
            pair.server.sendCloseNotify()
        } else {
            _ = pair.serverReads(andEnd: round.isMultiple(of: 9))
            pair.serverWrites([UInt8](repeating: 2, count: 3000))
            pair.server.markShutdown()
        }
        pair.server.close()
    }

    /// How much memory ten thousand connections take for ever, after the first thousand.
    static func growth() throws -> Int {
        let context = try MemoryServer.context(MemoryServer.settings(mode: .stateless, rejectsUnknownNames: true))
        for round in 0..<1000 { try connect(to: context, round: round) }
        let before = resident()
        for round in 0..<10_000 { try connect(to: context, round: round) }
        return resident() - before
    }
}
