package import RepriseTLS
package import RepriseVocabulary

/// What every connection of a run does between its handshake and its ending.
package enum LoadTask: Sendable, Hashable {
    case nothing
    /// HTTP/1.1 on a connection that is kept alive.
    case requests(HTTPRequest, count: Int)
    /// Bytes are sent; then so many are waited for.
    case transfer(up: Int, down: Int)
}

/// One request, as it goes out each time.
package struct HTTPRequest: Sendable, Hashable {
    package let bytes: [UInt8]

    package init(path: String, host: String) {
        bytes = Array("GET \(path) HTTP/1.1\r\nHost: \(host)\r\nUser-Agent: reprise-load\r\nAccept: */*\r\n\r\n".utf8)
    }
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

    /// All of them, for timers that cost little.
    var all: [Duration] { [connect, handshake, answer, close, session] }
}

/// What connections have in common: where they go, and what they do there.
package struct LoadErrand: Sendable {
    package var endpoint: Endpoint
    package var names: ClientConnection.ServerNames
    package var task = LoadTask.nothing
    package var timeouts = LoadTimeouts()
    /// Whether a connection of TLS 1.3 ends no sooner than a session has come, for those that follow.
    package var waitsForSession = false

    package init(to endpoint: Endpoint, names: ClientConnection.ServerNames) {
        (self.endpoint, self.names) = (endpoint, names)
    }
}

/// What one connection differs in from the others of a run.
package struct LoadOrder {
    /// With a session that it is to offer.
    package var context: ClientContext
    package var offering: ClientSessions.Kept?
    package var close: CloseKind
    /// When it was to begin: what a client waits for is counted from then.
    package var scheduled: Instant

    package init(
        _ context: ClientContext, offering: ClientSessions.Kept? = nil, close: CloseKind, scheduled: Instant
    ) {
        (self.context, self.offering, self.close, self.scheduled) = (context, offering, close, scheduled)
    }
}
