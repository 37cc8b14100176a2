package import RepriseVocabulary

extension UpstreamGroup {
    /// The servers one connection may try, in order: each endpoint of each server at most once.
    ///
    /// The server that it is at counts a connection, until ``end()``. It is a value with one owner: a copy would count the
    /// same connection.
    package struct Selection: Sendable {
        private let group: UpstreamGroup
        let hash: UInt64
        /// The server that comes first, whoever chose it.
        private var first: Int?
        /// How many servers may be tried.
        private let limit: Int
        /// The server that it is at.
        private var current: Int?
        private var endpointsTried = 0
        /// The servers that it was at before.
        private(set) var tried = TriedServers()
        private(set) var triedWeight = 0
        /// Where it is on the ring.
        var place: Int?
        private var isOver = false

        init(_ group: UpstreamGroup, hash: UInt64, first: Int?, limit: Int? = nil) {
            self.group = group
            self.hash = hash
            self.first = first
            self.limit = limit ?? group.servers.count
        }

        /// The next server and endpoint to try; `nil` when all have been tried.
        ///
        /// It counts a connection to the server, and gives back that to the one before.
        package mutating func next() -> (server: UpstreamServer, index: Int, endpoint: Endpoint)? {
            guard hasNext else {
                end()
                return nil
            }
            let index: Int
            if let current, endpointsTried < group.servers[current].endpoints.count {
                index = current
            } else {
                index = moveOn()
            }
            defer { endpointsTried += 1 }
            let server = group.servers[index]
            return (server, index, server.endpoints[endpointsTried])
        }

        /// Whether ``next()`` has another.
        package var hasNext: Bool {
            guard !isOver else { return false }
            guard let current else { return limit > 0 }
            return endpointsTried < group.servers[current].endpoints.count || tried.count + 1 < limit
        }

        /// Goes to another server.
        private mutating func moveOn() -> Int {
            let (group, before) = (group, current)
            if let before {
                tried.insert(before, of: group.servers.count)
                triedWeight += group.weights[before]
            }
            let known = first ?? group.turn(but: tried)
            first = nil
            let index = group.loads.withTable { table in
                if let before { table.giveBack(group.slots[before]) }
                let index = known ?? group.choose(in: table, for: &self)
                table.take(group.slots[index])
                return index
            }
            current = index
            endpointsTried = 0
            return index
        }

        /// The connection to the server is over, or none was made: nothing is counted any more, and there is no next. It may
        /// be called again.
        package mutating func end() {
            guard let current else {
                isOver = true
                return
            }
            group.loads.withTable { $0.giveBack(group.slots[current]) }
            self.current = nil
            isOver = true
        }
    }
}
