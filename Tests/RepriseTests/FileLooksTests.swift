import Foundation
import Logging
import RepriseEventLoop
import RepriseMetrics
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import Reprise

/// A disk that hangs when it is told to.
private final class Disk: Sendable {
    private let state = Locked((isHanging: false, waiting: 0, looks: 0))

    var isHanging: Bool {
        get { state.withLock { $0.isHanging } }
        set { state.withLock { $0.isHanging = newValue } }
    }
    /// How many threads wait for it.
    var waiting: Int { state.withLock { $0.waiting } }
    var looks: Int { state.withLock { $0.looks } }

    /// Waits for as long as the disk hangs; at the most for a minute, so that a failed test ends.
    func wait() {
        state.withLock { ($0.waiting, $0.looks) = ($0.waiting + 1, $0.looks + 1) }
        _ = eventually(within: 60) { !isHanging }
        state.withLock { $0.waiting -= 1 }
    }
}

/// What is watched lies on disks that may hang, and the control loop hears signals all the same.
@Suite(.serialized) struct FileLooksTests {
    @Test func `a look that hangs holds one thread, and the loop goes on`() throws {
        let (disk, loop) = (Disk(), try EventLoop(name: "test"))
        let (turns, seen) = (Locked(0), Locked<[Int]>([]))
        disk.isHanging = true
        let looks = FileLooks(
            loop: loop, every: .milliseconds(1), known: { 7 },
            look: { known in
                disk.wait()
                return known
            }, take: { value in seen.withLock { $0.append(value) } })
        try loop.start()
        #expect(eventually { disk.waiting == 1 })
        for _ in 0..<50 {
            let before = turns.withLock { $0 }
            loop.execute { turns.withLock { $0 += 1 } }
            #expect(eventually { turns.withLock { $0 } > before })
        }
        #expect(disk.waiting == 1 && disk.looks == 1 && seen.withLock { $0.isEmpty })
        disk.isHanging = false
        #expect(eventually { seen.withLock { $0.count } > 2 })
        #expect(seen.withLock { Set($0) } == [7])
        disk.isHanging = true
        #expect(eventually { disk.waiting == 1 })
        // What comes after the stop is dropped.
        let count = Locked(-1)
        loop.execute {
            looks.stop()
            count.withLock { $0 = seen.withLock { $0.count } }
        }
        #expect(eventually { count.withLock { $0 } >= 0 })
        disk.isHanging = false
        #expect(eventually { disk.waiting == 0 })
        loop.stop()
        loop.join()
        #expect(seen.withLock { $0.count } == count.withLock { $0 })
    }

    /// A folder with a certificate, its OCSP response and a ticket key.
    private func files() throws -> URL {
        let folder = RepriseProcess.temporaryFolder()
        let made = try Shell.run([
            "sh", "-ec",
            """
            cd \(folder.path)
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=ca
            openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout a.key -out a.csr -subj /CN=a.test
            openssl x509 -req -in a.csr -CA ca.pem -CAkey ca.key -set_serial 77 -days 20 -out leaf.pem
            cat leaf.pem ca.pem > a.pem
            openssl ocsp -issuer ca.pem -cert leaf.pem -reqout q.der
            printf 'V\\t351231235959Z\\t\\t4D\\tunknown\\t/CN=a.test\\n' > index.txt
            openssl ocsp -index index.txt -rsigner ca.pem -rkey ca.key -CA ca.pem -reqin q.der -respout a.ocsp -ndays 5
            openssl rand 80 > ticket.key
            """,
        ])
        try #require(made.status == 0, "\(made.errors)")
        return folder
    }

    @Test(arguments: ["a.ocsp", "ticket.key"])
    func `a watched file on a disk that hangs keeps nobody from ending the program`(_ file: String) async throws {
        let (disk, folder) = (Disk(), try files())
        let keys = file == "ticket.key" ? "sessions: { tickets: { keys: [ticket.key] } }" : ""
        let ocsp = file == "a.ocsp" ? ", ocsp: a.ocsp" : ""
        let text = """
            listeners:
              - name: web
                bind: ["127.0.0.1:0"]
                router: app
                \(keys)
                tls: { hosts: [{ names: [a.test], certificates: [{ chain: a.pem, key: a.key \(ocsp) }] }] }
            upstreams: [{ name: app, servers: ["127.0.0.1:1"] }]
            """
        let source = ConfigurationSource(
            file: "x.yaml", directory: folder.path, read: { () throws(FileReader.ReadError) in Array(text.utf8) },
            readFile: { (path: String) throws(FileReader.ReadError) in try FileReader.read(path) },
            stamp: { path in
                if path.hasSuffix(file), disk.isHanging { disk.wait() }
                return FileStamp(path)
            })
        let control = try EventLoop(name: "control")
        let registry = MetricRegistry()
        let queue = LogQueue(
            format: .text, level: .critical, colored: false, descriptor: STDERR_FILENO,
            dropped: registry.counter(MetricCatalog.logLinesDropped))
        defer { queue.close() }
        let server = ServerCore(control: control, source: source, environment: [:], registry: registry, queue: queue)
        try control.start()
        try await server.start()
        disk.isHanging = true
        #expect(eventually { disk.waiting == 1 })
        await server.stop()
        #expect(disk.waiting == 1)
        disk.isHanging = false
        #expect(eventually { disk.waiting == 0 })
        control.join()
    }

    @Test func `a reload that hangs is given up, and the next one is applied once the disk is well`() async throws {
        let (disk, folder) = (Disk(), try files())
        let text = """
            listeners:
              - name: web
                bind: ["127.0.0.1:0"]
                router: app
                tls: { hosts: [{ names: [a.test], certificates: [{ chain: a.pem, key: a.key }] }] }
            upstreams: [{ name: app, servers: ["127.0.0.1:1"] }]
            """
        let source = ConfigurationSource(
            file: "x.yaml", directory: folder.path, read: { () throws(FileReader.ReadError) in Array(text.utf8) },
            readFile: { (path: String) throws(FileReader.ReadError) in
                if disk.isHanging { disk.wait() }
                return try FileReader.read(path)
            })
        let control = try EventLoop(name: "control")
        let registry = MetricRegistry()
        let queue = LogQueue(
            format: .text, level: .critical, colored: false, descriptor: STDERR_FILENO,
            dropped: registry.counter(MetricCatalog.logLinesDropped))
        defer { queue.close() }
        let server = ServerCore(control: control, source: source, environment: [:], registry: registry, queue: queue)
        let (applied, refused) = (
            registry.counter(MetricCatalog.configurationReloads, ["applied"]),
            registry.counter(MetricCatalog.configurationReloads, ["refused"])
        )
        try control.start()
        try await server.start()
        await server.wait(atMost: .milliseconds(50))
        disk.isHanging = true
        await server.reload()
        #expect(refused.value == 1 && applied.value == 0)
        // One thread hangs, however often it is asked for.
        for _ in 0..<3 { await server.reload() }
        #expect(refused.value == 4 && disk.waiting == 1)
        disk.isHanging = false
        #expect(eventually { disk.waiting == 0 })
        await server.wait(atMost: .seconds(60))
        // The one that hung is still to come to its end.
        for _ in 0..<10_000 where applied.value == 0 { await server.reload() }
        #expect(applied.value == 1)
        await server.stop()
        control.join()
    }
}

extension ServerCore {
    fileprivate func wait(atMost time: Duration) { loadPatience = time }
}
