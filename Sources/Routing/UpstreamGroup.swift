package import RepriseVocabulary
internal import Synchronization

/// Servers that do the same work, taken one after the other by weighted round robin; shared by all workers.
package final class UpstreamGroup: Sendable {
    /// The group's name in the configuration, logs and metrics.
    package let name: String
    /// The servers, 1 to 65,535.
    package let servers: [UpstreamServer]

    private let cycle: WeightedCycle
    private let begun = Atomic<Int>(0)

    /// A group of at least one server.
    package init(name: String, servers: [UpstreamServer]) {
        self.name = name
        self.servers = servers
        cycle = WeightedCycle(weights: servers.map(\.weight))
    }

    /// Begins the choice for one connection: the next server in the cycle, and after it every other once.
    ///
    /// Called on any worker; no lock, no allocation.
    package func begin() -> Selection {
        let number = begun.wrappingAdd(1, ordering: .relaxed).oldValue
        let position = Int(UInt(bitPattern: number) % UInt(cycle.order.count))
        return Selection(group: self, first: Int(cycle.order[position]))
    }

    /// Begins with a server of the caller's choice.
    ///
    /// - Parameters:
    ///   - id: the server's id.
    ///   - orOthers: whether every other server follows.
    /// - Returns: `nil` when the group has no such server.
    package func begin(with id: String, orOthers: Bool) -> Selection? {
        guard let index = servers.firstIndex(where: { $0.id == id }) else { return nil }
        return Selection(group: self, first: index, limit: orOthers ? servers.count : 1)
    }

    /// The servers one connection may try, in order: each endpoint of each server at most once.
    package struct Selection: Sendable {
        private let group: UpstreamGroup
        private let first: Int
        /// How many servers may be tried.
        private let limit: Int
        private var serversTried = 0
        private var endpointsTried = 0

        fileprivate init(group: UpstreamGroup, first: Int, limit: Int? = nil) {
            self.group = group
            self.first = first
            self.limit = limit ?? group.servers.count
        }

        /// The next server and endpoint to try; `nil` when all have been tried.
        package mutating func next() -> (server: UpstreamServer, index: Int, endpoint: Endpoint)? {
            while serversTried < limit {
                let index = (first + serversTried) % group.servers.count
                let server = group.servers[index]
                if endpointsTried < server.endpoints.count {
                    defer { endpointsTried += 1 }
                    return (server, index, server.endpoints[endpointsTried])
                }
                serversTried += 1
                endpointsTried = 0
            }
            return nil
        }

        /// Whether ``next()`` has another.
        package var hasNext: Bool {
            var copy = self
            return copy.next() != nil
        }
    }
}

/// One server of an upstream group: its name, where it listens, and its share of the connections.
package struct UpstreamServer: Sendable, Hashable {
    /// The server's id in logs and metrics; unique in its group.
    package let id: String
    /// Its endpoints, in the order of trying: one, or all that its name resolved to.
    package let endpoints: [Endpoint]
    /// Its share of the connections relative to the others', 1 to 1000.
    package let weight: Int

    /// A server with at least one endpoint and a weight of 1 to 1000.
    package init(id: String, endpoints: [Endpoint], weight: Int = 1) {
        precondition(!endpoints.isEmpty, "server \(id) has no endpoint")
        precondition((1...1000).contains(weight), "server \(id) has a weight of \(weight)")
        self.id = id
        self.endpoints = endpoints
        self.weight = weight
    }
}
