package import RepriseVocabulary

/// One server of an upstream group: its name, where it listens, and its share of the connections.
package struct UpstreamServer: Sendable, Hashable {
    /// The server's id in logs and metrics; unique in its group.
    package let id: String
    /// Its endpoints, in the order of trying: one, or all that its name resolved to.
    package let endpoints: [Endpoint]
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

    /// A server with at least one endpoint and a weight of 1 to 1000.
    ///
    /// - Parameter address: as it was written; by default its first endpoint.
    package init(
        id: String, endpoints: [Endpoint], weight: Int = 1, address: String? = nil,
        proxy: ProxySending = ProxySending(), isBackup: Bool = false, isChecked: Bool = true,
        maximumConnections: Int = 0
    ) {
        precondition(!endpoints.isEmpty, "server \(id) has no endpoint")
        precondition((1...1000).contains(weight), "server \(id) has a weight of \(weight)")
        self.id = id
        self.endpoints = endpoints
        self.weight = weight
        self.proxy = proxy
        self.isBackup = isBackup
        self.isChecked = isChecked
        self.maximumConnections = maximumConnections
        self.address = address ?? endpoints.first?.description ?? ""
    }
}
