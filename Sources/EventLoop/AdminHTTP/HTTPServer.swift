internal import Glibc
package import RepriseVocabulary

/// A small HTTP/1 server for what administers the proxy, and for the demo. Confined to its loop.
///
/// It hands GET and HEAD on, and POST where that is served, and answers OPTIONS; it is not on the data path. It holds a
/// bounded number of connections, and when all are taken, the one idle longest of the client with the most makes way: silent clients cannot keep others out, or take
/// descriptors from the proxy.
package final class HTTPServer {
    /// The longest request line and headers.
    package static let maximumHeaderBytes = 16 << 10
    /// The longest request body; it is read and discarded.
    package static let maximumBodyBytes = 1 << 20
    /// How long a client may take for a request, from the one before, and how long it may take no byte of an answer.
    package static let timeout = Duration.seconds(30)

    let loop: EventLoop
    let handler: (HTTPRequest) -> HTTPResponse
    /// The methods that it hands on, by the path.
    let methods: (String) -> [String]
    private let onDisplaced: () -> Void
    private var acceptor: Acceptor?
    private var accepted = 0
    private var connections: [ObjectIdentifier: HTTPConnection] = [:]

    /// How many connections there are at most, at least 1.
    package var limit: Int {
        didSet { while connections.count > limit { displace() } }
    }

    /// A server that listens nowhere yet.
    ///
    /// - Parameters:
    ///   - limit: how many connections there are at most.
    ///   - methods: those that the handler answers at a path.
    ///   - onDisplaced: called when a connection has made way for a newer one.
    package init(
        loop: EventLoop, limit: Int, methods: @escaping (String) -> [String] = { _ in ["GET", "HEAD"] },
        onDisplaced: @escaping () -> Void = {},
        handler: @escaping (HTTPRequest) -> HTTPResponse
    ) {
        precondition(limit > 0, "a server of \(limit) connections would serve nobody")
        self.loop = loop
        self.limit = limit
        self.methods = methods
        self.handler = handler
        self.onDisplaced = onDisplaced
    }

    deinit {
        close()
    }

    /// Listens on an endpoint.
    ///
    /// - Returns: the real endpoint: the kernel has chosen a port for port 0.
    package func listen(on endpoint: Endpoint) throws(SocketError) -> Endpoint {
        let socket = try Socket.listen(on: endpoint, sharingPort: false, backlog: 128)
        let bound = socket.localEndpoint ?? endpoint
        let acceptor = Acceptor(
            loop: loop, socket: socket, onAccept: { [unowned self] in take($0, $1) }, onPause: { _ in }, onResume: {})
        do {
            try acceptor.start()
        } catch {
            acceptor.close()
            throw SocketError(operation: "listen on", endpoint: endpoint, errno: error.errno)
        }
        self.acceptor = acceptor
        return bound
    }

    /// Stops listening and closes every connection.
    package func close() {
        acceptor?.close()
        acceptor = nil
        for connection in connections.values { connection.close() }
        connections = [:]
    }

    func forget(_ connection: HTTPConnection) {
        connections[ObjectIdentifier(connection)] = nil
    }

    private func take(_ socket: Socket, _ peer: Endpoint) {
        loop.assertConfined()
        while connections.count >= limit { displace() }
        accepted += 1
        let connection = HTTPConnection(socket, peer: peer, number: accepted, server: self)
        connections[ObjectIdentifier(connection)] = connection
        connection.start()
    }

    /// Closes the idlest connection of the client with the most.
    private func displace() {
        let shares = Dictionary(grouping: connections.values) { $0.client }
        let largest = shares.values.map(\.count).max()
        let candidates = connections.values.filter { shares[$0.client]?.count == largest }
        guard let victim = candidates.min(by: { ($0.lastUse, $0.number) < ($1.lastUse, $1.number) }) else { return }
        victim.close()
        forget(victim)
        onDisplaced()
    }
}
