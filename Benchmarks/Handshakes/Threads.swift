import Glibc
import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary

/// Full handshakes in memory on one thread and on two, as workers do them: each has a context and sessions of its own,
/// and all share the hosts and the certificate.
struct Threads {
    let carrier: Carrier
    let seconds: Double

    /// What one thread did.
    struct Figures: Sendable {
        var handshakes = 0
        /// The thread's processor time in the server's calls.
        var server = 0.0
        /// All of it.
        var processor = 0.0
    }

    /// Prints, of each number of threads, what a handshake costs and how many there are in a second.
    func print() throws {
        let made = try SelfSigned.make(
            names: ["a.test"], kind: .ecdsaP256, validFrom: MemoryServer.validFrom, validUntil: MemoryServer.validUntil)
        let certificate = try ServerCertificate(chainPEM: made.chainPEM, keyPEM: made.keyPEM)
        let settings = MemoryServer.settings(mode: carrier.mode)
        let host = HostDefinition(
            id: "a.test", names: [NamePattern("a.test")].compactMap(\.self), certificates: [certificate])
        let hosts = try HostContexts(hosts: [host], settings: settings)
        // One by turns with two, so that what else the machine does falls on both.
        var rates: [Int: [Double]] = [:]
        var costs: [Int: [Double]] = [:]
        for _ in 0..<5 {
            for count in [1, 2] {
                let all = try run(count, hosts, settings)
                let done = Double(all.reduce(0) { $0 + $1.handshakes })
                // By processor time: a thread that waits for a processor would not count.
                rates[count, default: []].append(all.reduce(0) { $0 + Double($1.handshakes) / $1.processor })
                costs[count, default: []].append(all.reduce(0) { $0 + $1.server } / done * 1e6)
            }
        }
        for count in [1, 2] {
            let (rate, cost) = (rates[count]?.max() ?? 0, costs[count]?.min() ?? 0)
            Swift.print("\(count) thread(s): \(Int(rate)) handshakes/s of processor time, server \(Int(cost)) us each")
        }
        let gain = (rates[2]?.max() ?? 0) / (rates[1]?.max() ?? 1)
        Swift.print("gain: \(Double(Int(gain * 1000)) / 1000)")
    }

    private func run(_ count: Int, _ hosts: HostContexts, _ settings: ListenerTLSSettings) throws -> [Figures] {
        let results = Locked<[Result<Figures, any Error>]>([])
        var threads: [pthread_t] = []
        for _ in 0..<count {
            let job = Unmanaged.passRetained(
                Job { [self] in
                    let result = Result { try work(hosts, settings) }
                    results.withLock { $0.append(result) }
                })
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { argument in
                    if let argument { Unmanaged<Job>.fromOpaque(argument).takeRetainedValue().body() }
                    return nil
                }, job.toOpaque())
            precondition(status == 0, "the system has no thread")
            threads.append(thread)
        }
        for thread in threads { pthread_join(thread, nil) }
        return try results.withLock { $0 }.map { try $0.get() }
    }

    private final class Job: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    /// The work of one thread.
    private func work(_ hosts: HostContexts, _ settings: ListenerTLSSettings) throws -> Figures {
        let server = TimedServer(try RepriseServer(carrier, sharing: hosts, settings))
        let handshakes = Handshakes(carrier: carrier, server: server)
        _ = try handshakes.run(50)
        server.time = 0
        var figures = Figures()
        let (began, end) = (TimedServer.processorTime, Self.now + seconds)
        repeat {
            _ = try handshakes.run(10)
            figures.handshakes += 10
        } while Self.now < end
        figures.processor = TimedServer.processorTime - began
        figures.server = server.time
        return figures
    }

    private static var now: Double {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }
}

/// Measures the processor time of a server's calls.
private final class TimedServer: CountedServer {
    private let server: any CountedServer
    var time = 0.0

    init(_ server: any CountedServer) {
        self.server = server
    }

    static var processorTime: Double {
        var now = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) / 1e9
    }

    private func measure(_ call: () -> Void) {
        let began = Self.processorTime
        call()
        time += Self.processorTime - began
    }

    func accept() { measure { server.accept() } }
    func receive(_ bytes: UnsafeRawBufferPointer) { measure { server.receive(bytes) } }
    func close() { measure { server.close() } }
    func takeOutput() -> [UInt8] { server.takeOutput() }
    var hasResumed: Bool { server.hasResumed }
}
