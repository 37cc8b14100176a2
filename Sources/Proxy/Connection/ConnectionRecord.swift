package import RepriseResumption
package import RepriseRouting
package import RepriseTLS
package import RepriseVocabulary

/// What we know of one connection, for its line in the log and for observers.
package struct ConnectionRecord: Sendable {
    package let id: ConnectionID
    /// The client's address: what the header of a trusted proxy says, or the socket.
    package internal(set) var client: Endpoint
    /// What a proxy has said of the client.
    @Seldom package internal(set) var proxy: Proxy?
    package internal(set) var times: Times
    /// The upstream server that took the connection, or was tried last.
    package internal(set) var server: String?
    /// What TLS with that server was agreed on; `nil` for plaintext.
    package internal(set) var upstreamTLS: UpstreamTLS?
    /// What the session's memory of a server was good for; `nil` where the group keeps none.
    package internal(set) var affinity: AffinityResult?
    /// Plaintext bytes from the client.
    package internal(set) var bytesFromClient: UInt64 = 0
    /// Plaintext bytes to the client.
    package internal(set) var bytesToClient: UInt64 = 0
    /// What is known of the session that it offered in vain.
    @Seldom package internal(set) var refusedSession: RefusedSession?
    /// What the client has shown.
    @Seldom package internal(set) var certificate: ShownCertificate?
    /// What TLS negotiated, as far as it came; from the connection's end on.
    @Seldom package internal(set) var summary: HandshakeSummary?
    /// The result of the client's offer to resume; `nil` before the handshake has succeeded or failed.
    package internal(set) var resumption: ResumptionOutcome.Result?
    /// The lineage of its session; from the connection's end on.
    @Seldom package internal(set) var lineage: Lineage?
    /// Why the handshake failed, if it did.
    package internal(set) var failure: HandshakeFailure?
    /// How it ended, and what came after that.
    package internal(set) var book = EndingBook()
    /// More about the ending: libssl's words, a limit's name.
    package internal(set) var detail: String?

    /// TLS with a server.
    package struct UpstreamTLS: Sendable, Hashable {
        package let version: TLSVersion?
        package let means: ResumptionMeans
        package let resumption: UpstreamResumption

        init(_ result: EncryptedWay.Result) {
            (version, means, resumption) = (result.version, result.means, result.resumption)
        }
    }

    /// A trusted proxy, and what its header says.
    package struct Proxy: Sendable {
        package let endpoint: Endpoint
        package let origin: ProxyHeader.Origin
        /// The header as it came, for as long as somebody may want its TLVs: read, they would take many times as much.
        package internal(set) var bytes: [UInt8]
    }

    init(id: ConnectionID, client: Endpoint, acceptedAt: Instant) {
        self.id = id
        self.client = client
        times = Times(acceptedAt)
    }

    /// When its parts began and ended, by the monotonic clock; `nil` for what has not come yet.
    package struct Times: Sendable {
        package let accepted: Instant
        /// At the accept, or when the header of the PROXY protocol was complete.
        package internal(set) var handshakeBegan: Instant
        package internal(set) var handshakeEnded: Instant?
        /// The server that took the connection, or was tried last.
        package internal(set) var connectStarted: Instant
        package internal(set) var connected: Instant?
        package internal(set) var ended: Instant?

        init(_ accepted: Instant) {
            self.accepted = accepted
            handshakeBegan = accepted
            connectStarted = accepted
        }
    }
}

/// The observers in the same process; none by default.
package struct Observers: Sendable {
    package var connections: (any ConnectionObserver)?
    package var sessions: (any SessionObserver)?

    package init(connections: (any ConnectionObserver)? = nil, sessions: (any SessionObserver)? = nil) {
        self.connections = connections
        self.sessions = sessions
    }
}
