import Foundation
import RepriseTLS
import RepriseTestSupport
import RepriseVocabulary

/// A client's connection from its first to its last byte, and what came of it.
struct Visit {
    /// Its byte came back from the upstream: the only proof that it was let in.
    let isLetIn: Bool
    let wasResumed: Bool
    /// What it can come back with, the oldest first.
    let sessions: [MemoryClient.Session]

    /// How a client leaves.
    enum Leaving {
        case closeNotify
        case reset
        /// It finds the server's bytes damaged and says so: bad_record_mac.
        case fatalAlert
    }

    /// Connects, has a byte echoed and leaves; all of it is over on the wire when this returns.
    ///
    /// - Throws: when nobody takes the connection.
    init(port: Int, _ options: MemoryClient.Options, leaving: Leaving = .closeNotify) throws {
        let client: SocketClient
        do { client = try SocketClient(port: port, options, sending: [7]) } catch is MemoryClient.Failure {
            (isLetIn, wasResumed, sessions) = (false, false, [])
            return
        }
        var heard: [UInt8]?
        while true {
            // A refusal may come behind the handshake: in TLS 1.3 the client is done before the server is.
            do { heard = try client.tls.read() } catch { break }
            guard heard == nil, client.takeIn() else { break }
        }
        (isLetIn, wasResumed) = (heard == [7], client.tls.wasResumed)
        // A copy, before any ending: the client's own library may destroy its session.
        sessions = client.tls.sessions
        switch leaving {
        case .closeNotify: client.tls.sendCloseNotify()
        case .reset: client.reset()
        case .fatalAlert:
            client.tls.receive([23, 3, 3, 0, 32] + [UInt8](repeating: 1, count: 32))
            _ = try? client.tls.read()
        }
        client.flush()
        while client.takeIn() {}
    }
}

extension RepriseProcess {
    /// The lines of its closed connections in the order of their beginning, once there are so many.
    func connections(_ count: Int) -> [[String: String]] {
        _ = closedConnection(count)
        return lines.filter { $0["message"] == "connection closed" }
            .sorted { Int($0["connection"] ?? "") ?? 0 < Int($1["connection"] ?? "") ?? 0 }
    }

    /// Gives it another configuration, and waits until it has taken that.
    ///
    /// - Returns: whether it has.
    func reload(_ configuration: String) throws -> Bool {
        func outcomes() -> [String] {
            lines.compactMap { $0["message"] }.filter {
                $0 == "configuration reloaded" || $0.hasPrefix("configuration not reloaded")
            }
        }
        let before = outcomes().count
        try rewrite(configuration)
        signal(SIGHUP)
        return eventually { outcomes().count > before } && outcomes().last == "configuration reloaded"
    }
}

/// An authority that signs clients' certificates, with its file in a folder.
struct ClientAuthority {
    private let authority: CertificateAuthority
    private let folder: URL
    private let name: String

    private static var now: Int64 { Int64(Date.now.timeIntervalSince1970) }

    /// Makes `NAME.pem`.
    init(_ name: String, in folder: URL) throws {
        authority = try CertificateAuthority(
            name: name, validFrom: WallTime(secondsSinceEpoch: Self.now - 3600),
            validUntil: WallTime(secondsSinceEpoch: Self.now + 86_400))
        (self.folder, self.name) = (folder, name)
        try Data(authority.certificatePEM).write(to: folder.appending(path: "\(name).pem"))
    }

    /// A certificate for a client, valid for so many seconds.
    func certificate(serial: UInt64? = nil, until: Int64? = nil) throws -> SelfSigned.Made {
        try SelfSigned.make(
            names: ["alice.test"], validFrom: WallTime(secondsSinceEpoch: Self.now - 3600),
            validUntil: WallTime(secondsSinceEpoch: until ?? Self.now + 3600), serial: serial, issuedBy: authority,
            forClient: true)
    }

    /// Writes `NAME.crl`, a list that revokes the certificates of these serial numbers (in hexadecimal).
    func revoke(_ serials: [String]) throws {
        let list = try TestRevocations(of: authority).list(serials)
        try Data(list).write(to: folder.appending(path: "\(name).crl"))
    }
}
