import RepriseResumption
import RepriseTLS
import RepriseTestSupport

/// A client and a server that are joined by two outputs.
final class Joined {
    let client: ClientConnection
    let server: ServerConnection
    let toServer = OutputBuffer()
    let toClient = OutputBuffer()
    var given: [SessionReference] { box.sessions }
    private let box: Box

    final class Box {
        var sessions: [SessionReference] = []
    }

    init(
        _ listener: MemoryListener, _ context: ClientContext, name: String? = "a.test",
        resuming session: SessionReference? = nil
    ) throws {
        let box = Box()
        self.box = box
        client = try ClientConnection(
            context: context, output: toServer, names: .init(asked: name), resuming: session
        ) { box.sessions.append($0) }
        server = ServerConnection(
            context: listener.context, output: toClient, sessions: listener.connection())
    }

    deinit {
        client.stream.markShutdown()
        client.stream.close()
        server.markShutdown()
        server.close()
    }

    /// Goes back and forth until both are done or have failed.
    func handshake() -> (client: HandshakeProgress, server: HandshakeProgress) {
        var (ours, theirs) = (HandshakeProgress.wantsInput, HandshakeProgress.wantsInput)
        for _ in 0..<8 {
            ours = client.handshake()
            serverTakes { theirs = server.handshake() }
            clientTakes()
        }
        return (ours, theirs)
    }

    /// Lends the server what the client has written, for one turn.
    func serverTakes(_ turn: () -> Void) {
        toServer.withBytes { bytes in
            bytes.withUnsafeBytes {
                server.lend($0)
                turn()
                server.endTurn()
            }
        }
        toServer.removeAll()
    }

    /// Keeps what the server has written for the client's next turn.
    func clientTakes() {
        toClient.withBytes { bytes in
            bytes.withUnsafeBytes {
                client.stream.lend($0)
                client.stream.endTurn()
            }
        }
        toClient.removeAll()
    }

    func clientReads() -> ReadProgress {
        var buffer = [UInt8](repeating: 0, count: 1000)
        return buffer.withUnsafeMutableBytes { client.stream.read(into: $0) }
    }

    func serverReads() -> ReadProgress {
        var buffer = [UInt8](repeating: 0, count: 1000)
        var progress = ReadProgress.wantsInput
        serverTakes { progress = buffer.withUnsafeMutableBytes { server.read(into: $0) } }
        return progress
    }
}
