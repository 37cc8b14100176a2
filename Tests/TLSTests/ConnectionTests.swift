import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

@Suite struct ConnectionTests {
    private func established(
        _ version: TLSVersion = .tls1_3, _ settings: ListenerTLSSettings = MemoryServer.settings()
    ) throws -> MemoryPair {
        var options = MemoryClient.Options(serverName: "a.test")
        options.maximumVersion = version
        let pair = try MemoryPair(server: MemoryServer.context(settings), client: options)
        #expect(pair.handshake() == .done)
        return pair
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `close_notify and a bare end are told apart`(_ version: TLSVersion) throws {
        let orderly = try established(version)
        try orderly.client.write([1, 2, 3])
        orderly.client.sendCloseNotify()
        // The FIN is known before the close_notify is read, as it is when both come in one turn.
        orderly.server.inputEnded()
        let read = orderly.serverReads()
        #expect(read.bytes == [1, 2, 3])
        #expect(read.progress == .closeNotify)
        #expect(orderly.serverReads([], andEnd: true).progress == .closeNotify)

        let cut = try established(version)
        try cut.client.write([1, 2, 3])
        let ended = cut.serverReads(andEnd: true)
        #expect(ended.bytes == [1, 2, 3])
        #expect(ended.progress == .truncated)
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `a record cut in the middle is a truncation`(_ version: TLSVersion) throws {
        let pair = try established(version)
        try pair.client.write([UInt8](repeating: 5, count: 1000))
        let record = pair.client.takeOutput()
        let read = pair.serverReads(Array(record.dropLast()), andEnd: true)
        #expect(read.bytes.isEmpty)
        #expect(read.progress == .truncated)
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `after either ending of the client the server can still write`(_ version: TLSVersion) throws {
        for orderly in [true, false] {
            let pair = try established(version)
            if orderly { pair.client.sendCloseNotify() }
            _ = pair.serverReads(andEnd: !orderly)
            #expect(pair.serverWrites(Array("late".utf8)) == .done)
            #expect(try pair.client.read() == Array("late".utf8))
            pair.server.sendCloseNotify()
            pair.toClient()
            #expect(try pair.client.read()?.isEmpty == true)
            #expect(pair.client.hasReceivedShutdown)
        }
    }

    @Test func `close_notify is written once`() throws {
        let pair = try established()
        _ = pair.takeOutput()
        pair.server.sendCloseNotify()
        #expect(!pair.takeOutput().isEmpty)
        pair.server.sendCloseNotify()
        #expect(pair.takeOutput().isEmpty)
    }

    @Test func `an abandoned connection writes nothing`() throws {
        let pair = try established()
        _ = pair.takeOutput()
        pair.server.markShutdown()
        pair.server.close()
        #expect(pair.takeOutput().isEmpty)
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `every byte arrives, split into single bytes or into many records`(_ version: TLSVersion) throws {
        var options = MemoryClient.Options(serverName: "a.test")
        options.maximumVersion = version
        let pair = try MemoryPair(server: MemoryServer.context(), client: options)
        pair.fragment = 1
        #expect(pair.handshake() == .done)
        let sent = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try pair.client.write(sent)
        #expect(pair.serverReads().bytes == sent)
        pair.fragment = 16 << 10
        try pair.client.write(sent)
        #expect(pair.serverReads().bytes == sent)
        #expect(pair.serverWrites(sent) == .done)
        var received: [UInt8] = []
        while let more = try pair.client.read(), !more.isEmpty { received += more }
        #expect(received == sent)
    }

    @Test func `input left for back-pressure is kept and comes first`() throws {
        let pair = try established()
        let sent = (0..<40_000).map { UInt8(truncatingIfNeeded: $0) }
        try pair.client.write(sent)
        let ciphertext = pair.client.takeOutput()
        var received: [UInt8] = []
        var small = [UInt8](repeating: 0, count: 1000)
        ciphertext.withUnsafeBytes { bytes in
            pair.server.lend(bytes)
            #expect(small.withUnsafeMutableBytes { pair.server.read(into: $0) } == .bytes(1000))
            received += small
            pair.server.endTurn()
        }
        while case .bytes(let count) = small.withUnsafeMutableBytes({ pair.server.read(into: $0) }) {
            received += small.prefix(count)
        }
        #expect(received == sent)
        pair.server.inputEnded()
        #expect(small.withUnsafeMutableBytes { pair.server.read(into: $0) } == .truncated)
    }

    @Test func `the tickets of TLS 1 3 wait until something else is written`() throws {
        let pair = try MemoryPair(server: MemoryServer.context(), client: .init(serverName: "a.test"))
        #expect(!pair.server.ticketsAreWaiting)
        #expect(pair.handshake() == .done)
        #expect(pair.server.ticketsAreWaiting)
        try pair.client.write([1])
        _ = pair.serverReads()
        #expect(pair.server.ticketsAreWaiting)
        pair.serverWrites([2])
        #expect(!pair.server.ticketsAreWaiting)

        let closing = try established()
        closing.server.sendCloseNotify()
        #expect(!closing.server.ticketsAreWaiting)
        #expect(try !established(.tls1_2).server.ticketsAreWaiting)
        #expect(try !established(.tls1_3, MemoryServer.settings(ticketsFull: 0)).server.ticketsAreWaiting)
        #expect(try !established(.tls1_3, MemoryServer.settings(mode: .off)).server.ticketsAreWaiting)
    }

    @Test func `each KeyUpdate is counted, and data goes on`() throws {
        let pair = try established()
        for round in 1...5 {
            try pair.client.sendKeyUpdate(requestingOne: round.isMultiple(of: 2))
            try pair.client.write([UInt8(round)])
            #expect(pair.serverReads().bytes == [UInt8(round)])
            #expect(pair.server.keyUpdatesReceived == round)
            pair.serverWrites([9])
            #expect(try pair.client.read() == [9])
        }
    }

    @Test func `a renegotiation is turned down, and the connection goes on`() throws {
        let pair = try established(.tls1_2)
        try pair.client.startRenegotiation()
        let read = pair.serverReads()
        #expect(read.progress == .wantsInput)
        let refusal = pair.takeOutput()
        // A warning (TLS 1.2 encrypts it): an alert record, and no handshake record.
        #expect(refusal.first == 21)
        #expect(pair.server.keyUpdatesReceived == 0)
        #expect(pair.serverWrites([7]) == .done)
    }

    @Test(arguments: [TLSVersion.tls1_2, .tls1_3])
    func `a damaged record breaks the connection with an alert`(_ version: TLSVersion) throws {
        let pair = try established(version)
        _ = pair.takeOutput()
        try pair.client.write([1, 2, 3])
        var record = pair.client.takeOutput()
        record[record.count - 1] ^= 1
        let progress = pair.serverReads(record).progress
        guard case .failed(.alertSent(let alert, let errors)) = progress else {
            Issue.record("the damage came to \(progress)")
            return
        }
        #expect(alert.name == "bad_record_mac")
        #expect(!errors.isEmpty)
        #expect(pair.takeOutput().first != nil)
        #expect(pair.serverWrites([1]) == .failed(.alertSent(alert, errors)))
        #expect(pair.server.isHandshakeDone)
    }

    @Test func `a fatal alert of the client is reported by its name`() throws {
        let pair = try established(.tls1_2)
        // An alert in the clear would not decrypt; TLS 1.2 with a broken record of the server's makes a real one.
        pair.client.receive([23, 3, 3, 0, 24] + [UInt8](repeating: 0, count: 24))
        _ = try? pair.client.read()
        let progress = pair.serverReads().progress
        guard case .failed(.alertReceived(let alert, from: .client)) = progress else {
            Issue.record("the alert came to \(progress)")
            return
        }
        #expect(alert.name == "bad_record_mac")
    }

    @Test func `the output gives back what it grew by`() throws {
        let output = OutputBuffer()
        output.append([UInt8](repeating: 1, count: 3 << 20).span.bytes)
        #expect(output.count == 3 << 20)
        output.removeAll()
        #expect(output.isEmpty)
        output.append([UInt8]([4, 5]).span.bytes)
        #expect(output.withBytes { $0.array } == [4, 5])
    }
}
