import Foundation

/// What tests of an embedded server need beside the server itself, with no type but the standard library's.
package struct EmbeddedFolder {
    /// Where its certificate `a` for localhost is.
    package let path: String
    private let upstream = TestUpstream.echo()

    package init() throws {
        let folder = RepriseProcess.temporaryFolder()
        try TestCertificates(in: folder).make("a", for: ["localhost"])
        path = folder.path
    }

    /// A configuration with one listener, `web`, on a port that the system chooses, before an upstream that echoes.
    package func text(top: String = "", listener: String = "") -> String {
        var configuration = TestConfiguration(upstream)
        (configuration.top, configuration.listener) = (top, listener)
        return configuration.text
    }

    /// The port of its upstream.
    package var upstreamPort: Int { Int(upstream.port) }
}

/// A client of an embedded server, likewise.
package final class EmbeddedVisit {
    private let client: SocketClient
    private let carrier: SessionCarrier

    /// Connects, has a byte echoed, and holds what came with it: tickets too.
    package init(_ carrier: SessionCarrier, port: Int, resuming earlier: EmbeddedVisit? = nil) throws {
        self.carrier = carrier
        client = try SocketClient.echoed(
            port: port, carrier.client("localhost", resuming: earlier?.client.tls.sessions.last))
    }

    package var wasResumed: Bool { client.tls.wasResumed }
    package var sessionCount: Int { client.tls.sessions.count }

    /// Closes with close_notify, or sends an alert, or only a FIN, and waits until the server has closed.
    package func end(_ how: End) throws {
        switch how {
        case .closeNotify: client.tls.sendCloseNotify()
        // It finds the server's bytes damaged and says so: bad_record_mac.
        case .fatalAlert:
            client.tls.receive([23, 3, 3, 0, 32] + [UInt8](repeating: 1, count: 32))
            _ = try? client.tls.read()
        case .fin: break
        }
        client.flush()
        client.shutdownWrite()
        while client.takeIn() {}
    }

    package enum End: String, Sendable {
        case closeNotify, fatalAlert, fin
    }
}
