import RepriseProxy
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// A gate whose answers come when a test says so.
private final class LateGate: ExchangeGate {
    private let waiting = Locked<[@Sendable (Bool) -> Void]>([])

    func ask(for connection: ConnectionID, _ answer: @escaping @Sendable (Bool) -> Void) -> Bool? {
        waiting.withLock { $0.append(answer) }
        return nil
    }

    var questions: Int { waiting.withLock { $0.count } }

    func answer(_ isWanted: Bool) {
        for answer in waiting.withLock({ $0 }) { answer(isWanted) }
    }
}

/// A gate that answers at once.
private struct PromptGate: ExchangeGate {
    let answer: Bool
    func ask(for connection: ConnectionID, _ answer: @escaping @Sendable (Bool) -> Void) -> Bool? { self.answer }
}

/// An exchange waits for a gate's answer before it connects, and only that connection waits.
@Suite struct LateGateTests {
    private func worker(
        _ upstream: TestUpstream, _ gate: any ExchangeGate, deadline: Duration = .seconds(5)
    ) async throws -> TestWorker {
        var parts = TestWorker.Parts()
        parts.gate = gate
        parts.settings.timeouts.connect = deadline
        return try await TestWorker(before: [TestWorker.server(Int(upstream.port))], parts)
    }

    private static func readAll(_ client: SocketClient) -> [UInt8] {
        var all: [UInt8] = []
        repeat {
            while let bytes = try? client.tls.read(), !bytes.isEmpty { all += bytes }
        } while client.takeIn()
        return all
    }

    @Test func `what a client sends meanwhile, and its end, reach the upstream when the answer has come`() async throws
    {
        let (upstream, gate) = (TestUpstream.echo(), LateGate())
        let worker = try await worker(upstream, gate)
        let port = worker.port
        try await onOwnThread {
            let client = try TestWorker.connect(port, sending: [1, 2, 3])
            client.tls.sendCloseNotify()
            client.flush()
            #expect(eventually { gate.questions == 1 })
            #expect(upstream.accepted == 0)
            gate.answer(true)
            // Whoever answers twice is not listened to.
            gate.answer(false)
            #expect(Self.readAll(client) == [1, 2, 3])
            #expect(eventually { worker.hasEnded(.clientCloseNotify) })
        }
        await worker.end()
    }

    @Test func `a client that nobody routes is reset`() async throws {
        let gates: [any ExchangeGate] = [LateGate(), PromptGate(answer: false)]
        for gate in gates {
            let upstream = TestUpstream.echo()
            let worker = try await worker(upstream, gate)
            let port = worker.port
            try await onOwnThread {
                let client = try TestWorker.connect(port, sending: [1])
                if let late = gate as? LateGate {
                    #expect(eventually { late.questions == 1 })
                    late.answer(false)
                }
                #expect(Self.readAll(client).isEmpty && !client.tls.hasReceivedShutdown)
                #expect(eventually { worker.hasEnded(.upstreamUnreachable) })
                #expect(upstream.accepted == 0)
            }
            await worker.end()
        }
    }

    @Test func `a gate that never answers is not waited for, and its late answer changes nothing`() async throws {
        let (upstream, gate) = (TestUpstream.echo(), LateGate())
        let worker = try await worker(upstream, gate, deadline: .milliseconds(50))
        let port = worker.port
        try await onOwnThread {
            let client = try TestWorker.connect(port, sending: [1])
            #expect(Self.readAll(client).isEmpty)
            #expect(eventually { worker.hasEnded(.upstreamUnreachable) })
            gate.answer(true)
            // A client behind it shows that the answer was heard.
            let next = try? TestWorker.connect(port, sending: [1])
            #expect(next != nil && eventually { gate.questions == 2 })
            #expect(upstream.accepted == 0)
        }
        await worker.end()
    }
}
