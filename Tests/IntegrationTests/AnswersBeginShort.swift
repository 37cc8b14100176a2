import RepriseTestSupport
import Testing

/// The lengths of the records that an answer comes in.
@Suite(.waits) struct AnswersBeginShort {
    private static let answer = [UInt8](repeating: 7, count: 100_000)

    /// Answers each byte.
    private static func upstream() -> TestUpstream {
        TestUpstream { peer in
            while case .bytes(let bytes) = peer.receive() {
                for _ in bytes { peer.send(answer) }
            }
            peer.close()
        }
    }

    /// Asks, and reads the answer.
    ///
    /// - Returns: how many bytes each record held.
    private func ask(_ client: SocketClient) throws -> [Int] {
        try client.tls.write([1])
        client.flush()
        var lengths: [Int] = []
        while lengths.reduce(0, +) < Self.answer.count {
            // libssl hands out one record at a time.
            guard let bytes = try client.tls.read() else {
                try #require(client.takeIn())
                continue
            }
            try #require(!bytes.isEmpty, "it ended after \(lengths.reduce(0, +)) bytes")
            lengths.append(bytes.count)
        }
        return lengths
    }

    @Test(arguments: ["1.2", "1.3"])
    func `the first 16 KiB fit into a packet each, and so again after a pause`(version: String) async throws {
        var configuration = TestConfiguration(Self.upstream())
        configuration.tls = "maximum_version: \"\(version)\""
        let reprise = try configuration.start()
        try await onOwnThread {
            let client = try SocketClient(port: reprise.port())
            let began = ContinuousClock.now
            let short = try ask(client).prefix(13)
            #expect(short.dropLast() == Array(repeating: 1_343, count: 12)[...] && short.last == 268)

            // 12 short ones, one that ends them and six of 16 KiB would be the least.
            let second = try ask(client)
            #expect(second.count < 19 || ContinuousClock.now - began > .milliseconds(900), "\(second)")

            let end = ContinuousClock.now + .milliseconds(1_050)
            #expect(eventually { ContinuousClock.now > end })
            #expect(try ask(client).prefix(12).allSatisfy { $0 == 1_343 })
        }
    }

    @Test func `with 0 the first record is as long as what has come`() async throws {
        var configuration = TestConfiguration(Self.upstream())
        configuration.tls = "short_records: 0"
        let reprise = try configuration.start()
        try await onOwnThread {
            let first = try ask(SocketClient(port: reprise.port())).first ?? 0
            #expect(first > 1_343 && first <= 16_384)
        }
    }
}
