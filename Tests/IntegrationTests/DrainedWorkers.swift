import Foundation
import Glibc
import Logging
import RepriseEventLoop
import RepriseMetrics
import RepriseProxy
import RepriseResumption
import RepriseRouting
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary

/// Two workers over one session domain, of which the first is drained while the second goes on.
///
/// The store is the process's memory, and a process that drains accepts no more: between processes a stored session
/// could not come back. So this is the nearest that a drain and its sessions come.
final class DrainedWorkers: @unchecked Sendable {
    // @unchecked: nothing changes after init.
    let ports: [Int]
    private let workers: [Worker]
    private let loops: [EventLoop]
    private let queue: LogQueue
    private let log: URL
    private let descriptor: Int32

    init(_ carrier: SessionCarrier, tickets: Int, upstream: UInt16) throws {
        log = RepriseProcess.temporaryFolder().appending(path: "log")
        descriptor = open(log.path, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        queue = LogQueue(format: .json, level: .info, colored: false, descriptor: descriptor, dropped: Counter())
        let registry = MetricRegistry()
        let domain = try SessionDomain(
            name: "test", store: LocalSessionStore(budget: 1 << 20),
            keys: TicketKeyRing(
                TicketRotation(rotate: .seconds(3600), ticketLifetime: .seconds(7200)), at: Clocks.wall()),
            denyList: DenyList(capacity: 100))
        let tls = MemoryServer.settings(mode: carrier.mode, ticketsFull: tickets)
        let server = UpstreamServer(
            id: "a", endpoints: [Endpoint(parsing: "127.0.0.1:\(upstream)")].compactMap(\.self))
        let blueprint = ListenerBlueprint(
            settings: ListenerSettings(
                name: "web", timeouts: ConnectionTimeouts(), limits: AdmissionLimits(), relayBuffer: 64 << 10,
                keyUpdatesPerSecond: 100, ticketDelay: .milliseconds(20), ticketsWaitForUpstream: false,
                storeDeadline: .milliseconds(20)),
            hosts: try HostContexts(hosts: [MemoryServer.host("localhost")], settings: tls), tls: tls, domain: domain,
            resumption: ResumptionPolicy(), routing: .group(UpstreamGroup(name: "app", servers: [server])),
            admission: Admission())
        var (ports, workers, loops): ([Int], [Worker], [EventLoop]) = ([], [], [])
        for index in 0..<2 {
            let loop = try EventLoop(name: "drained-\(index)")
            try loop.start()
            let worker = Worker(loop: loop, index: index, registry: registry, log: WorkerLog(queue))
            ports.append(try Self.onLoop(loop, worker) { try Self.listen($0, blueprint) })
            workers.append(worker)
            loops.append(loop)
        }
        (self.ports, self.workers, self.loops) = (ports, workers, loops)
    }

    deinit {
        for (loop, worker) in zip(loops, workers) {
            try? Self.onLoop(loop, worker) { worker in
                Self.stopAccepting(worker)
                worker.kill()
            }
            loop.stop()
            loop.join()
        }
        queue.close()
        close(descriptor)
    }

    private static func listen(_ worker: isolated Worker, _ blueprint: ListenerBlueprint) throws -> Int {
        try worker.prepare([blueprint])
        worker.commit()
        guard let endpoint = Endpoint(parsing: "127.0.0.1:0") else { preconditionFailure("no endpoint") }
        let socket = try Socket.listen(on: endpoint, sharingPort: false, backlog: 64)
        guard case .ip(_, let port) = socket.localEndpoint else { preconditionFailure("no port") }
        try worker.accept(on: socket, for: "web", boundTo: endpoint)
        return Int(port)
    }

    private static func stopAccepting(_ worker: isolated Worker) {
        if let endpoint = Endpoint(parsing: "127.0.0.1:0") { worker.stopAccepting("web", at: [endpoint]) }
    }

    /// Drains the first, without patience for its connections; does not wait for their end.
    func drainFirst() {
        let first = workers[0]
        loops[0].execute {
            first.assumeIsolated { worker in
                Self.stopAccepting(worker)
                worker.endDrain()
            }
        }
    }

    /// The log's lines of connections that have closed.
    var closed: [[String: String]] {
        let text = Self.text(of: log)
        let lines = text.split(separator: "\n").compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        return lines.map { $0.mapValues { "\($0)" } }.filter { $0["message"] == "connection closed" }
    }

    /// Not Foundation's: of a file that is empty at first it leaks what it read.
    private static func text(of file: URL) -> String {
        let descriptor = open(file.path, O_RDONLY)
        guard descriptor >= 0 else { return "" }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while case let count = read(descriptor, &buffer, buffer.count), count > 0 { bytes += buffer.prefix(count) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Blocks until it is done on that loop: without a task, which would wait its turn behind every other test.
    private static func onLoop<Value: Sendable>(
        _ loop: EventLoop, _ worker: Worker, _ work: @escaping @Sendable (isolated Worker) throws -> Value
    ) throws -> Value {
        let done = DispatchSemaphore(value: 0)
        let result = Locked<Result<Value, any Error>?>(nil)
        loop.execute {
            let value = worker.assumeIsolated { worker in Result { try work(worker) } }
            result.withLock { $0 = value }
            done.signal()
        }
        done.wait()
        guard let result = result.withLock({ $0 }) else { preconditionFailure("work without a result") }
        return try result.get()
    }
}
