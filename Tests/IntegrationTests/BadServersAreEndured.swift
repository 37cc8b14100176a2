import Foundation
import Glibc
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary
import Testing

/// Servers that are not to be spoken to cost no client its connection while there is another, and the log says what is
/// wrong with them.
@Suite(.waits) struct BadServersAreEndured {
    /// A Reprise that tries the server `bad` before `good`, to which it speaks TLS too.
    struct Stage {
        let reprise: RepriseProcess
        private let good: TLSServer

        init(_ port: Int, _ tls: String, listener: String = "") throws {
            good = try TLSServer(["app.test"])
            let trusted = "{ ca: ca.pem, server_name: app.test }"
            var configuration = TestConfiguration()
            configuration.top = "admin: { bind: \"127.0.0.1:0\" }"
            configuration.listener = listener
            configuration.group = "balance: first_available"
            configuration.servers = [
                "{ id: bad, address: \"127.0.0.1:\(port)\", tls: \(tls) }",
                "{ id: good, address: \"127.0.0.1:\(good.port)\", tls: \(trusted) }",
            ]
            reprise = try configuration.start(folder: good.folder)
        }

        func failed(_ cause: String) throws -> Double {
            try reprise.metric(
                "reprise_upstream_handshakes_failed_total{upstream=\"app\",server=\"bad\",cause=\"\(cause)\"}")
        }

        /// A client comes, is served by the good server, and the log has the reason why not by the bad one.
        func isServedByTheGood(_ words: String, cause: String) throws {
            #expect(try reprise.visit().contains(" 200 "), "\(reprise.log)")
            let reason = reprise.waitForLine { $0["message"] == "upstream connect failed" }?["reason"] ?? ""
            #expect(reason.contains(words), "\(reason)")
            #expect(reprise.closedConnection()["upstream"] == "good", "\(reprise.closedConnection())")
            let metrics = try reprise.metrics()
            #expect(try failed(cause) == 1, "\(metrics)")
        }
    }

    /// What is wrong with a certificate.
    enum Flaw: String, CaseIterable {
        case selfSigned, revoked, listMissing, listExpired, chainTooLong

        var words: String {
            switch self {
            case .selfSigned: "self-signed certificate"
            case .revoked: "certificate revoked"
            case .listMissing: "unable to get certificate CRL"
            case .listExpired: "CRL has expired"
            case .chainTooLong: "certificate chain too long"
            }
        }

        var cause: String {
            switch self {
            case .selfSigned: "unknown_authority"
            case .revoked: "certificate_revoked"
            case .listMissing: "crl_missing"
            case .listExpired: "crl_expired"
            case .chainTooLong: "bad_certificate"
            }
        }

        /// Makes the server's files, and those that judge it.
        func prepare(_ folder: URL) throws {
            let authority = try TestAuthority(in: folder)
            let lists = TestRevocations(of: authority.root)
            func write(_ bytes: [UInt8], _ name: String) throws {
                try Data(bytes).write(to: folder.appending(path: name))
            }
            try authority.make("server", for: ["app.test"], serial: 0x1234)
            switch self {
            case .selfSigned: try TestCertificates(in: folder).make("server", for: ["app.test"])
            case .revoked: try write(lists.list(["1234"]), "crl.pem")
            case .listMissing:
                let other = try authority.authority("Other")
                try write(authority.root.certificatePEM + other.certificatePEM, "ca.pem")
                try write(TestRevocations(of: other).list([]), "crl.pem")
            case .listExpired: try write(lists.list([], ends: "20210101000000Z"), "crl.pem")
            case .chainTooLong:
                let middle = try authority.authority("Middle", isBelow: true)
                try authority.make("server", for: ["app.test"], issuedBy: middle)
                try write(middle.certificatePEM, "middle.pem")
            }
        }

        /// How the server is started, and spoken to.
        var server: String { self == .chainTooLong ? "-www -cert_chain middle.pem" : "-www" }
        func tls(_ folder: String) -> String {
            let more =
                switch self {
                case .selfSigned: ""
                case .revoked, .listMissing, .listExpired: ", crl: \(folder)/crl.pem"
                case .chainTooLong: ", depth: 0"
                }
            return "{ ca: \(folder)/ca.pem, server_name: app.test\(more) }"
        }
    }

    @Test(arguments: Flaw.allCases)
    func `a certificate that is no good costs no client anything, and the log says what is wrong`(flaw: Flaw) throws {
        let bad = try ForeignServer.openssl(flaw.server, prepare: flaw.prepare)
        let stage = try Stage(bad.port, flaw.tls(bad.folder.path))
        try stage.isServedByTheGood(flaw.words, cause: flaw.cause)
        withExtendedLifetime(bad) {}
    }

    @Test func `a chain as long as it may be is good`() throws {
        let server = try ForeignServer.openssl(Flaw.chainTooLong.server, prepare: Flaw.chainTooLong.prepare)
        let stage = try Stage(server.port, "{ ca: \(server.folder.path)/ca.pem, server_name: app.test, depth: 1 }")
        #expect(try stage.reprise.visit().contains(" 200 "), "\(stage.reprise.log)")
        #expect(stage.reprise.closedConnection()["upstream"] == "bad")
        withExtendedLifetime(server) {}
    }

    /// What comes instead of a handshake, after the ClientHello.
    enum Noise: CaseIterable {
        case silence, garbage, http, oldHello, alert, halfRecord, end, reset
        case emptyRecords, warnings, hugeMessage, notAsked

        /// A ServerHello of TLS 1.0 with a cipher of its time.
        private static let hello: [UInt8] =
            [22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1] + [UInt8](repeating: 9, count: 32) + [0, 0xc0, 0x13, 0]

        func serve(_ peer: TestUpstream.Peer) {
            guard self != .silence else {
                while case .bytes = peer.receive() {}
                return peer.close()
            }
            _ = peer.receive()
            switch self {
            case .silence, .end, .reset: break
            case .garbage: peer.send((0..<200).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ 150) })
            case .http: peer.send(Array("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".utf8))
            case .oldHello: peer.send(Self.hello)
            // A handshake_failure.
            case .alert: peer.send([21, 3, 3, 0, 2, 2, 40])
            case .halfRecord: peer.send([22, 3, 3, 0, 100, 2, 0, 0, 96, 3, 3])
            case .emptyRecords: peer.send((0..<5000).flatMap { _ in [22, 3, 3, 0, 0] as [UInt8] })
            case .warnings: peer.send((0..<5000).flatMap { _ in [21, 3, 3, 0, 2, 1, 90] as [UInt8] })
            // The header of a ServerHello of 16 MiB.
            case .hugeMessage: peer.send([22, 3, 3, 0, 4, 2, 255, 255, 255])
            // A ServerKeyExchange before all else.
            case .notAsked: peer.send([22, 3, 3, 0, 8, 12, 0, 0, 4, 0, 0, 0, 0])
            }
            self == .reset ? peer.reset() : peer.close()
        }

        var words: String {
            switch self {
            case .silence: "no answer in timeouts.connect"
            case .garbage, .http: "the server does not speak TLS"
            case .oldHello: "unsupported protocol"
            case .alert: "the server sent handshake_failure"
            case .halfRecord, .end: "the stream ended in the middle of the handshake"
            case .reset: "connection reset by peer"
            // Whose words differ from version to version.
            case .emptyRecords: "SSL routines"
            case .warnings: "too many warn alerts"
            case .hugeMessage: "excessive message size"
            case .notAsked: "unexpected message"
            }
        }

        var cause: String {
            switch self {
            case .silence: "timeout"
            case .reset: "client_reset"
            case .garbage, .http: "not_tls"
            case .hugeMessage: "malformed"
            case .oldHello: "unsupported_version"
            case .alert: "alert_received"
            case .halfRecord, .end: "client_went_away"
            case .emptyRecords, .warnings, .notAsked: "unexpected_message"
            }
        }
    }

    @Test(arguments: Noise.allCases)
    func `what is no handshake costs no client anything, and the log says what it was`(noise: Noise) throws {
        let bad = TestUpstream { noise.serve($0) }
        let stage = try Stage(
            Int(bad.port), "{ verify: none }", listener: noise == .silence ? "timeouts: { connect: 100ms }" : "")
        try stage.isServedByTheGood(noise.words, cause: noise.cause)
        #expect(stage.reprise.isRunning)
        bad.stop()
    }

    @Test func `a server that does not get through with TLS is ejected as one is that refuses`() throws {
        let bad = TestUpstream { Noise.garbage.serve($0) }
        let stage = try Stage(Int(bad.port), "{ verify: none }")
        for _ in 0..<6 { #expect(try stage.reprise.visit().contains(" 200 "), "\(stage.reprise.log)") }
        let line = stage.reprise.waitForLine { $0["message"] == "upstream server changed" && $0["state"] == "ejected" }
        #expect(line?["server"] == "bad" && line?["reason"] == "connecting has failed: tls", "\(stage.reprise.log)")
        #expect(try stage.failed("not_tls") == 2)
        bad.stop()
    }

    @Test(arguments: ["-tls1 -cipher ALL:@SECLEVEL=0", "-tls1_2 -Verify 1 -verify_return_error"])
    func `a server that refuses us by an alert is passed over`(options: String) throws {
        let bad = try ForeignServer.openssl("-www \(options)") { folder in
            try TestAuthority(in: folder).make("server", for: ["app.test"])
        }
        let stage = try Stage(bad.port, "{ ca: \(bad.folder.path)/ca.pem, server_name: app.test }")
        try stage.isServedByTheGood("the server sent ", cause: "alert_received")
        withExtendedLifetime(bad) {}
    }

    @Test func `a refusal that comes behind the handshake breaks the connection off, and the log says by which alert`()
        throws
    {
        // In TLS 1.3 a server reads what we have not shown when we have long begun to speak (RFC 8446 §2).
        let bad = try ForeignServer.openssl("-www -tls1_3 -Verify 1 -verify_return_error") { folder in
            try TestAuthority(in: folder).make("server", for: ["app.test"])
        }
        let stage = try Stage(bad.port, "{ ca: \(bad.folder.path)/ca.pem, server_name: app.test }")
        #expect(try stage.reprise.visit().isEmpty)
        let line = stage.reprise.closedConnection()
        #expect(line["detail"]?.contains("the server sent certificate_required") == true, "\(line)")
        withExtendedLifetime(bad) {}
    }
}

extension ForeignServer {
    /// `openssl s_server` in its folder, with the files `server.pem` and `server.key` that are put there.
    ///
    /// - Parameter isTold: it reads commands from the pipe `commands` there.
    static func openssl(
        _ options: String, isTold: Bool = false, prepare: (URL) throws -> Void
    ) throws -> ForeignServer {
        try ForeignServer(["sh", "DIR/configuration"], prepare: prepare) { folder, ports in
            "cd \(folder)\n\(isTold ? "mkfifo commands\n" : "")exec stdbuf -oL openssl s_server -accept 127.0.0.1:\(ports[0]) "
                + "-cert server.pem -key server.key \(options)\(isTold ? " 0<>commands" : "")"
        }
    }
}

extension RepriseProcess {
    /// A client asks for the page of HTTP, and hears its server to the end.
    func visit(_ name: String? = "localhost") throws -> String {
        let request = Array("GET / HTTP/1.0\r\n\r\n".utf8)
        let client = try SocketClient(port: port(), .init(serverName: name), sending: request)
        var answer: [UInt8] = []
        repeat {
            while let bytes = try? client.tls.read(), !bytes.isEmpty { answer += bytes }
        } while !client.tls.hasReceivedShutdown && client.takeIn()
        return String(decoding: answer, as: UTF8.self)
    }
}
