import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// What is counted as a KeyUpdate (RFC 8446 §4.6.3), since a limit hangs on the count: each once, and nothing else.
@Suite struct KeyUpdateTests {
    private func established(
        _ version: TLSVersion = .tls1_3, _ context: MemoryListener? = nil,
        _ configure: (inout MemoryClient.Options) -> Void = { _ in }
    ) throws -> MemoryPair {
        var options = MemoryClient.Options(serverName: "a.test")
        options.maximumVersion = version
        configure(&options)
        let pair = try MemoryPair(server: context ?? MemoryServer.context(), client: options)
        #expect(pair.handshake() == .done)
        return pair
    }

    @Test(arguments: [1, 3, 1000, Int.max], [true, false])
    func `each is counted once, however the bytes are cut`(_ fragment: Int, _ requesting: Bool) throws {
        let pair = try established()
        pair.fragment = fragment
        for _ in 0..<40 { try pair.client.sendKeyUpdate(requestingOne: requesting) }
        try pair.client.write([7])
        #expect(pair.serverReads().bytes == [7])
        #expect(pair.server.keyUpdatesReceived == 40)
    }

    @Test func `an answered KeyUpdate is not counted again, and its answer is not a ticket`() throws {
        let pair = try established()
        #expect(pair.server.ticketsAreWaiting)
        try pair.client.sendKeyUpdate(requestingOne: true)
        #expect(pair.serverReads().progress == .wantsInput)
        // libssl answers with the next bytes or at once; either way the tickets are no longer alone then.
        let answered = !pair.output.isEmpty
        #expect(pair.server.ticketsAreWaiting == !answered)
        pair.serverWrites([1])
        #expect(!pair.server.ticketsAreWaiting)
        #expect(try pair.client.read() == [1])
        #expect(pair.server.keyUpdatesReceived == 1)
    }

    @Test func `a KeyUpdate that wants no answer leaves the tickets waiting`() throws {
        let pair = try established()
        try pair.client.sendKeyUpdate()
        #expect(pair.serverReads().progress == .wantsInput)
        #expect(pair.server.ticketsAreWaiting)
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `nothing else is counted`(_ version: TLSVersion) throws {
        let context = try MemoryServer.context()
        let first = try established(version, context)
        let session = try #require(first.client.sessions.last)
        let pairs = [
            first,
            try established(version, context) { $0.resuming = session },
            try established(version, context) { $0.groups = "X448:P-256" },
        ]
        for pair in pairs {
            try pair.client.write([UInt8](repeating: 1, count: 100_000))
            #expect(pair.serverReads().bytes.count == 100_000)
            pair.serverWrites([UInt8](repeating: 2, count: 100_000))
            while let more = try pair.client.read(), !more.isEmpty {}
            if version == .tls1_2 { try pair.client.startRenegotiation() }
            _ = pair.serverReads()
            pair.client.sendCloseNotify()
            _ = pair.serverReads(andEnd: true)
            pair.server.sendCloseNotify()
            #expect(pair.server.keyUpdatesReceived == 0)
        }
    }

    @Test func `a resumed handshake's tickets wait as well`() throws {
        let context = try MemoryServer.context()
        let session = try #require(try established(.tls1_3, context).client.sessions.last)
        let resumed = try established(.tls1_3, context) { $0.resuming = session }
        #expect(resumed.server.summary.resumed == .psk)
        // libssl gives a ticket after a resumption too, since each should be used once (RFC 8446 §4.6.1).
        #expect(resumed.client.sessions.count == 1)
        #expect(resumed.server.ticketsAreWaiting)
    }

    @Test func `an alert of ours ends the waiting`() throws {
        let pair = try established()
        #expect(pair.server.ticketsAreWaiting)
        try pair.client.write([1])
        var record = pair.client.takeOutput()
        record[record.count - 1] ^= 1
        guard case .failed = pair.serverReads(record).progress else {
            Issue.record("the damage went unnoticed")
            return
        }
        #expect(!pair.server.ticketsAreWaiting)
    }
}
