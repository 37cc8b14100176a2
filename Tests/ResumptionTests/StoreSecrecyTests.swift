import Glibc
import RepriseResumption
import RepriseVocabulary
import Synchronization
import Testing

@Suite struct StoreSecrecyTests {
    private static let secret: [UInt8] = Array("this is a session's master secret".utf8)

    private let store: LocalSessionStore

    init() throws {
        store = try LocalSessionStore(budget: LocalSessionStore.leastBudget)
    }

    /// Whether any eight bytes of the secret are in memory, at whatever place: a part of it is a leak too.
    private static func holds(_ memory: UnsafeRawBufferPointer) -> Bool {
        let parts = Set(
            (0...secret.count - 8).map { start in
                secret.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: UInt64.self) }
            })
        // Every word of memory: what is longer than fifteen bytes has a whole one.
        return stride(from: 0, to: memory.count - 7, by: 8).contains {
            parts.contains(memory.load(fromByteOffset: $0, as: UInt64.self))
        }
    }

    private var holdsSecret: Bool { store.withMemory(Self.holds) }

    private func keepSecret() {
        #expect(store.keep(1, Self.secret, expires: .second(10)).isKept)
        #expect(holdsSecret)
    }

    @Test func `a session that was taken is wiped`() {
        keepSecret()
        #expect(store.take(1) == Self.secret)
        #expect(!holdsSecret)
    }

    @Test func `a session that was removed is wiped`() {
        keepSecret()
        store.remove(SessionKey(1))
        #expect(!holdsSecret)
    }

    @Test func `a session that was replaced is wiped`() {
        keepSecret()
        _ = store.keep(1, [1, 2, 3])
        #expect(!holdsSecret)
    }

    @Test func `a session that was found expired is wiped`() {
        keepSecret()
        #expect(store.get(1, at: .second(10)) == nil)
        #expect(!holdsSecret)
    }

    @Test func `a session that expired is wiped by the puts that follow, unasked`() {
        keepSecret()
        _ = store.keep(2, session(2), at: .second(10))
        #expect(!holdsSecret)
    }

    @Test func `a session that gave way to others is wiped`() {
        keepSecret()
        var number = 2
        while store.keep(number, session(number)).evicted == 0 { number += 1 }
        #expect(store.get(1) == nil)
        #expect(!holdsSecret)
    }

    @Test func `flushed sessions are wiped when flush returns`() {
        for number in 0..<50 { _ = store.keep(number, Self.secret) }
        #expect(holdsSecret)
        store.flush()
        #expect(!holdsSecret)
    }

    @Test func `everything is wiped when the store goes`() throws {
        let report = Report()
        do {
            let store = try LocalSessionStore(budget: LocalSessionStore.leastBudget) { memory in
                report.isClean.store(!Self.holds(memory), ordering: .relaxed)
            }
            for number in 0..<300 { _ = store.keep(number, Self.secret) }
            #expect(store.withMemory(Self.holds))
        }
        let isClean = report.isClean.load(ordering: .relaxed)
        #expect(isClean)
    }

    private final class Report: Sendable {
        let isClean = Atomic(false)
    }

    @Test func `the memory is in no core dump`() throws {
        let start = store.withMemory { UInt(bitPattern: $0.baseAddress) }
        let file = try #require(fopen("/proc/self/smaps", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 512)
        var isOurs = false
        var flags = ""
        while fgets(&line, 512, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let range = text.prefix { $0 != " " }.split(separator: "-").map { UInt($0, radix: 16) }
            if range.count == 2, let low = range[0], let high = range[1] { isOurs = low <= start && start < high }
            if isOurs, text.hasPrefix("VmFlags:") { flags = text }
        }
        #expect(flags.split(whereSeparator: \.isWhitespace).contains("dd"), "\(flags)")
    }
}
