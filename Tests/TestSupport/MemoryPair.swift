package import RepriseResumption
package import RepriseTLS

/// A client and one of our connections, joined in memory.
///
///     let pair = try MemoryPair(server: context, client: .init(serverName: "a.test"))
///     #expect(pair.handshake() == .done)
package final class MemoryPair {
    package let server: ServerConnection
    package let client: MemoryClient
    package let sessions: ConnectionResumption
    /// What the server has written and the client has not been handed.
    package let output = OutputBuffer()
    /// The largest piece the server is lent at once; one byte splits every record.
    package var fragment = Int.max
    /// Why the client's side failed, if it did.
    package private(set) var clientFailure: MemoryClient.Failure?

    /// - Parameters:
    ///   - model: a client with the same options, apart from the session.
    ///   - wrap: puts something between the connection and what keeps its sessions.
    package init(
        server listener: MemoryListener, client options: MemoryClient.Options = .init(),
        like model: MemoryClient? = nil,
        wrap: (ConnectionResumption) -> any ConnectionSessions = { $0 }
    ) throws {
        client = try MemoryClient(options, like: model)
        sessions = listener.connection()
        server = ServerConnection(
            context: listener.context, output: output, sessions: wrap(sessions), holdsTickets: listener.holdsTickets)
    }

    deinit {
        server.markShutdown()
        server.close()
    }

    /// Pumps both sides until the server is done or has failed, or neither side has more to say, and hands the client
    /// what the server wrote last.
    @discardableResult
    package func handshake() -> HandshakeProgress {
        var progress = HandshakeProgress.wantsInput
        while true {
            driveClient()
            let bytes = client.takeOutput()
            guard !bytes.isEmpty else { return progress }
            progress = deliverInHandshake(bytes)
            toClient()
            guard progress == .wantsInput else {
                driveClient()
                return progress
            }
        }
    }

    /// Lends raw bytes to the handshaking server, in fragments.
    package func deliverInHandshake(_ bytes: [UInt8]) -> HandshakeProgress {
        var progress = HandshakeProgress.wantsInput
        forEachFragment(of: bytes) { piece in
            server.lend(piece)
            progress = server.handshake()
            server.endTurn()
        }
        return progress
    }

    /// Hands the client what is in the output.
    package func toClient() {
        client.receive(takeOutput())
    }

    /// Takes what is in the output.
    package func takeOutput() -> [UInt8] {
        defer { output.removeAll() }
        return output.withBytes { $0.array }
    }

    /// Lends what the client has written to the established server, and reads until it wants more or ends.
    package func serverReads(andEnd ended: Bool = false) -> (bytes: [UInt8], progress: ReadProgress) {
        serverReads(client.takeOutput(), andEnd: ended)
    }

    /// The same with given bytes.
    package func serverReads(
        _ ciphertext: [UInt8], andEnd ended: Bool = false
    ) -> (bytes: [UInt8], progress: ReadProgress) {
        var plaintext: [UInt8] = []
        var progress = ReadProgress.wantsInput
        let readAll = {
            var buffer = [UInt8](repeating: 0, count: 16 << 10)
            repeat {
                progress = buffer.withUnsafeMutableBytes { self.server.read(into: $0) }
                if case .bytes(let count) = progress { plaintext += buffer.prefix(count) }
            } while progress.broughtBytes
        }
        forEachFragment(of: ciphertext) { piece in
            server.lend(piece)
            readAll()
            server.endTurn()
        }
        if ended {
            server.inputEnded()
            readAll()
        }
        return (plaintext, progress)
    }

    /// Writes on the server's side, and hands the client the records.
    @discardableResult
    package func serverWrites(_ bytes: [UInt8]) -> WriteProgress {
        let progress = server.write(bytes.span.bytes)
        toClient()
        return progress
    }

    private func driveClient() {
        guard clientFailure == nil else { return }
        do {
            if try client.handshake() { _ = try client.read() }
        } catch let failure as MemoryClient.Failure {
            clientFailure = failure
        } catch {
            preconditionFailure("a client throws only its own failures, not \(error)")
        }
    }

    private func forEachFragment(of bytes: [UInt8], _ body: (UnsafeRawBufferPointer) -> Void) {
        bytes.withUnsafeBytes { all in
            var rest = all[...]
            while !rest.isEmpty {
                body(UnsafeRawBufferPointer(rebasing: rest.prefix(fragment)))
                rest = rest.dropFirst(min(fragment, rest.count))
            }
        }
    }
}

extension ReadProgress {
    fileprivate var broughtBytes: Bool {
        if case .bytes = self { true } else { false }
    }
}
