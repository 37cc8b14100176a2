package import RepriseVocabulary

/// One server of an upstream group: its name, where it listens, and its share of the connections.
package struct UpstreamServer: Sendable, Hashable {
    /// The server's id in logs and metrics; unique in its group.
    package let id: String
    /// Where it is.
    private let place: Place
    /// Its address as it was written.
    package let address: String
    /// Its share of the connections relative to the others', 1 to 1000.
    package let weight: Int
    /// How it is told who the client is.
    package let proxy: ProxySending
    /// Whether it gets connections only when no other server does.
    package let isBackup: Bool
    /// Whether the group's health checks ask it.
    package let isChecked: Bool
    /// How many connections it may have; 0 for any number.
    package let maximumConnections: Int

    private enum Place: Sendable, Hashable {
        case fixed([Endpoint])
        case named(ServerAddresses)
    }

    /// Its endpoints now, in the order of trying: one, or all that its name resolves to. Empty for a name that has not
    /// resolved yet.
    package var endpoints: [Endpoint] {
        switch place {
        case .fixed(let endpoints): endpoints
        case .named(let addresses): addresses.endpoints
        }
    }

    /// Its endpoints in the order in which one connection is to try them.
    package func nextOrder(at now: Instant) -> [Endpoint] {
        switch place {
        case .fixed(let endpoints): endpoints
        case .named(let addresses): addresses.nextOrder(at: now)
        }
    }

    /// The order that the next connection gets, for who only asks whether they are well.
    package func presentOrder(at now: Instant) -> [Endpoint] {
        switch place {
        case .fixed(let endpoints): endpoints
        case .named(let addresses): addresses.presentOrder(at: now)
        }
    }

    /// One of its endpoints did not take a connection: for a while it comes last.
    package func failed(_ endpoint: Endpoint, at now: Instant) {
        if case .named(let addresses) = place { addresses.failed(endpoint, at: now) }
    }

    /// One of its endpoints has taken a connection.
    package func succeeded(_ endpoint: Endpoint) {
        if case .named(let addresses) = place { addresses.succeeded(endpoint) }
    }

    /// A server with at least one endpoint and a weight of 1 to 1000.
    ///
    /// - Parameter address: as it was written; by default its first endpoint.
    package init(
        id: String, endpoints: [Endpoint], weight: Int = 1, address: String? = nil,
        proxy: ProxySending = ProxySending(), isBackup: Bool = false, isChecked: Bool = true,
        maximumConnections: Int = 0
    ) {
        precondition(!endpoints.isEmpty, "server \(id) has no endpoint")
        self.init(
            id: id, .fixed(endpoints), weight: weight, address: address ?? endpoints[0].description, proxy: proxy,
            isBackup: isBackup, isChecked: isChecked, maximumConnections: maximumConnections)
    }

    /// A server whose addresses may change, and a weight of 1 to 1000.
    ///
    /// - Parameter address: as it was written.
    package init(
        id: String, addresses: ServerAddresses, weight: Int = 1, address: String, proxy: ProxySending = ProxySending(),
        isBackup: Bool = false, isChecked: Bool = true, maximumConnections: Int = 0
    ) {
        self.init(
            id: id, .named(addresses), weight: weight, address: address, proxy: proxy, isBackup: isBackup,
            isChecked: isChecked, maximumConnections: maximumConnections)
    }

    private init(
        id: String, _ place: Place, weight: Int, address: String, proxy: ProxySending, isBackup: Bool, isChecked: Bool,
        maximumConnections: Int
    ) {
        precondition((1...1000).contains(weight), "server \(id) has a weight of \(weight)")
        self.id = id
        self.place = place
        self.weight = weight
        self.proxy = proxy
        self.isBackup = isBackup
        self.isChecked = isChecked
        self.address = address
        self.maximumConnections = maximumConnections
    }
}
