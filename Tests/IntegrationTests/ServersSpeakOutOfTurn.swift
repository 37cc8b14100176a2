import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// What servers may say after the handshake, and what they may not (RFC 8446 §4.6, RFC 5246 §7.4.1.1).
@Suite(.waits) struct ServersSpeakOutOfTurn {
    /// `openssl s_server` that a test gives commands, and one client's connection to it.
    private struct Stage {
        let reprise: RepriseProcess
        let client: SocketClient
        private let server: ForeignServer
        private let commands: FileHandle

        init(_ options: String, tls: String = "", listener: String = "") throws {
            server = try ForeignServer.openssl(options, isTold: true) { folder in
                let authority = try TestAuthority(in: folder)
                try authority.make("server", for: ["app.test"])
                try authority.make("client", for: ["proxy.test"], forClient: true)
            }
            var configuration = TestConfiguration()
            configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
            configuration.listener = listener
            configuration.servers = ["{ id: s, address: \"127.0.0.1:\(server.port)\" }"]
            configuration.group = "tls: { ca: ca.pem, server_name: app.test\(tls) }"
            reprise = try configuration.start(folder: server.folder)
            commands = try FileHandle(forWritingTo: server.folder.appending(path: "commands"))
            client = try SocketClient(port: reprise.port(), sending: Array("begun\n".utf8))
            let server = server
            #expect(eventually { server.output.contains("begun") }, "\(server.output)")
        }

        var output: String { server.output }

        /// How often the server has said that.
        func said(_ words: String) -> Int { server.output.components(separatedBy: words).count - 1 }

        func tell(_ command: String) throws { try commands.write(contentsOf: Data("\(command)\n".utf8)) }

        /// What the server is told to say arrives, and what the client says too.
        func goesOn() throws {
            try tell("there")
            var got: [UInt8] = []
            repeat {
                while let bytes = try? client.tls.read(), !bytes.isEmpty { got += bytes }
            } while got.count < 6 && client.takeIn()
            #expect(got == Array("there\n".utf8), "\(reprise.log)\n\(output)")
            try client.tls.write(Array("back\n".utf8))
            client.flush()
            #expect(eventually { server.output.contains("back") }, "\(output)")
        }
    }

    @Test(arguments: ["k", "K"]) func `new keys of a server's are taken, and given where it wants some`(
        command: String
    )
        throws
    {
        let stage = try Stage("-tls1_3")
        for count in 1...5 {
            try stage.tell(command)
            #expect(eventually { stage.said("SSL_do_handshake -> 1") == count }, "\(stage.output)")
        }
        try stage.goesOn()
        #expect(stage.reprise.isRunning)
    }

    @Test func `a server that changes its keys more often than it may is left`() throws {
        let stage = try Stage("-tls1_3", listener: "limits: { key_updates: 1/s }")
        func isOver() -> Bool { stage.reprise.lines.contains { $0["message"] == "connection closed" } }
        for count in 1...50 where !isOver() {
            try stage.tell("k")
            #expect(eventually { isOver() || stage.said("SSL_do_handshake -> 1") == count }, "\(stage.output)")
        }
        let line = stage.reprise.closedConnection()
        #expect(line["detail"] == "the upstream sent more KeyUpdates than limits.key_updates", "\(line)")
        while stage.client.takeIn() {}
        _ = try? stage.client.tls.read()
        #expect(!stage.client.tls.hasReceivedShutdown)
    }

    @Test(arguments: ["r", "R"]) func `a server that wants another handshake in TLS 1 2 gets none`(
        command: String
    ) throws {
        let stage = try Stage("-tls1_2")
        try stage.tell(command)
        // It ends the connection by our refusal, a warning.
        let line = stage.reprise.closedConnection()
        #expect(line["detail"]?.contains("the server sent ") == true, "\(line)\n\(stage.output)")
        #expect(stage.reprise.isRunning)
        let handshakes = "reprise_upstream_handshakes_total{upstream=\"app\",server=\"s\",resumed=\"no\"}"
        #expect(try stage.reprise.metric(handshakes) == 1)
    }

    @Test(arguments: [true, false])
    func `a server that asks who we are after the handshake is told, with or without a certificate`(
        isShown: Bool
    ) throws {
        let stage = try Stage(
            "-tls1_3 -CAfile ca.pem", tls: isShown ? ", certificate: client.pem, key: client.key" : "")
        try stage.tell("c")
        // Without one to show we do not offer to be asked.
        let answer = isShown ? "SSL_do_handshake -> 1" : "extension not received"
        #expect(eventually { stage.said(answer) == 1 }, "\(stage.output)")
        try stage.goesOn()
        #expect(stage.output.contains("proxy.test") == isShown, "\(stage.output)")
    }
}
