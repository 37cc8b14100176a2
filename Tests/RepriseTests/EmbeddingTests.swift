import Foundation
import Glibc
import Reprise
import RepriseResumption
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// A program that embeds Reprise, in a process of its own: `run` takes signals over.
@Suite struct EmbeddingTests {
    @Test func `an embedding program sees every session that clients are given`() async {
        await #expect(processExitsWith: .success) {
            let upstream = TestUpstream.echo()
            // Free a moment ago, and nobody else's in all likelihood.
            let place = TestUpstream.echo()
            let port = Int(place.port)
            place.stop()
            let folder = RepriseProcess.temporaryFolder()
            try TestCertificates(in: folder).make("a", for: ["localhost"])
            let file = folder.appending(path: "reprise.yaml")
            let text = TestConfiguration(upstream).text.replacingOccurrences(
                of: "127.0.0.1:0", with: "127.0.0.1:\(port)")
            try Data(text.utf8).write(to: file)
            let sessions = EstablishedSessions()
            let status = Locked<Int32?>(nil)
            Thread.detachNewThread {
                let outcome = Server.serveUntilSignal(
                    configurationFile: file.path, environment: [:], sessions: sessions
                ) { _ in }
                status.withLock { $0 = outcome }
            }
            var options = MemoryClient.Options(serverName: "localhost")
            guard eventually({ (try? SocketClient(port: port, options)) != nil }) else { exit(1) }
            options.maximumVersion = .tls1_2
            options.resuming = try SocketClient(port: port, options).tls.sessions.last
            guard try SocketClient(port: port, options).tls.wasResumed else { exit(2) }
            kill(getpid(), SIGTERM)
            guard eventually({ status.withLock { $0 } == 0 }) else { exit(3) }
            sessions.finish()
            var seen: [String] = []
            for await session in sessions {
                let details = session.details
                seen.append("\(details.protocolVersion.map(\.description) ?? "") \(details.serverName ?? "")")
                guard details.lineage != nil, session.serialized() != nil else { exit(4) }
            }
            // The resumed one went on with what it had.
            exit(seen == ["TLSv1.3 localhost", "TLSv1.2 localhost"] ? 0 : 5)
        }
    }
}
