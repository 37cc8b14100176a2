package import RepriseTLS
package import RepriseVocabulary

/// What every connection of a run does between its handshake and its ending, first of all.
package enum LoadTask: Sendable, Hashable {
    case nothing
    /// HTTP/1.1 on a connection that is kept alive, with a pause between an answer and the next request.
    case requests(HTTPRequest, count: Int, pause: Duration = .zero)
    /// Bytes are sent; then so many are waited for.
    case transfer(up: Int, down: Int)
}

/// One request, as it goes out each time: by the number of the name that is asked for.
package struct HTTPRequest: Sendable, Hashable {
    private let byName: [[UInt8]]

    /// - Parameters:
    ///   - hosts: what the Host field says (RFC 9112 §3.2), at least one; by the names' numbers.
    ///   - fields: further header fields, each as `Name: value`.
    package init(path: String, hosts: [String], fields: [String] = []) {
        byName = hosts.map { host in
            let lines = ["GET \(path) HTTP/1.1", "Host: \(host)", "User-Agent: reprise-load", "Accept: */*"] + fields
            return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
        }
    }

    /// The same host for all.
    package init(path: String, host: String) {
        self.init(path: path, hosts: [host])
    }

    /// What goes out.
    package func bytes(forName number: Int) -> [UInt8] { byName[number % byName.count] }
}

/// How long each part of a connection may take; each has an end, so that a run has one.
package struct LoadTimeouts: Sendable, Hashable {
    package var connect = Duration.seconds(5)
    package var handshake = Duration.seconds(10)
    /// From one byte of an answer to the next, or for the first.
    package var answer = Duration.seconds(10)
    /// From our end to the server's.
    package var close = Duration.seconds(5)
    /// How long a first session of TLS 1.3 is waited for, which comes behind the handshake; none need come.
    package var session = Duration.seconds(1)

    package init() {}
}

/// What connections have in common: where they go, and what they do there.
package struct LoadErrand: Sendable {
    /// At least one, such as the machines of a cluster, and at least one name; ``ClientSessions/Place`` has their numbers.
    package var servers: [Endpoint]
    package var names: [ClientConnection.ServerNames]
    package var task = LoadTask.nothing
    /// How long a connection is held open after its task; zero for none.
    package var idle = Duration.zero
    package var timeouts = LoadTimeouts()
    /// The PROXY protocol's header that goes before the ClientHello.
    package var header = ProxyProtocolVersion.off
    /// Where connections come from, in turn; empty for the system's choice.
    package var sources: [IPAddress] = []
    /// Whether a connection of TLS 1.3 ends no sooner than a session has come, for those that follow.
    package var waitsForSession = false

    package init(to endpoint: Endpoint, names: ClientConnection.ServerNames) {
        (servers, self.names) = ([endpoint], [names])
    }
}

/// What one connection differs in from the others of a run.
package struct LoadOrder {
    /// With a session that it is to offer.
    package var context: ClientContext
    package var offering: Offering?
    package var place = ClientSessions.Place()
    package var close: CloseKind
    /// When it was to begin: what a client waits for is counted from then.
    package var scheduled: Instant
    /// Whose it is: for the header that tells simulated clients apart.
    package var client = 0

    /// A session that is to be offered, and why that one.
    package struct Offering {
        package var kept: ClientSessions.Kept
        package var choice: SessionChoice

        /// What a report counts it under.
        var offer: LoadOffer { kept.offer(choice) }
    }

    package init(_ context: ClientContext, close: CloseKind, scheduled: Instant) {
        (self.context, self.close, self.scheduled) = (context, close, scheduled)
    }
}
