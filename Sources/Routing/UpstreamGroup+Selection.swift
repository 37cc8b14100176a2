package import RepriseVocabulary

extension UpstreamGroup {
    /// The servers one connection may try, in order: each endpoint of each server at most once.
    ///
    /// The server that it is at counts a connection, until ``end()``. It is a value with one owner: a copy would count the
    /// same connection.
    package struct Selection: Sendable {
        private let group: UpstreamGroup
        package let hash: UInt64
        /// The server that comes first, if it gets connections.
        private var first: First
        /// How many servers may be tried.
        private let limit: Int
        /// The server that it is at.
        private var current: Int?
        /// The addresses that it had when the choice fell on it, and how many of them were tried.
        private var endpoints: [Endpoint] = []
        private var endpointsTried = 0
        /// The servers that it was at before.
        private(set) var tried = ServerSet()
        /// Where it is on the ring.
        var place: Int?
        private var isOver = false

        /// The server that comes first.
        enum First: Sendable {
            case none
            /// It is its turn.
            case turn(Int)
            /// A router or the client's session has chosen it.
            case wanted(Int)
        }

        init(_ group: UpstreamGroup, hash: UInt64, first: First, limit: Int? = nil) {
            self.group = group
            self.hash = hash
            self.first = first
            self.limit = limit ?? group.servers.count
        }

        /// The next server and endpoint to try; `nil` when all have been tried, or no other gets connections.
        ///
        /// It counts a connection to the server, and gives back that to the one before.
        /// - Parameter now: for servers that have come back lately; without it they get what others do.
        package mutating func next(
            at now: Instant = Instant(nanoseconds: .max)
        ) -> (index: Int, endpoint: Endpoint)? {
            guard !isOver else { return nil }
            // One without addresses is down, which may be told a moment later.
            while endpointsTried >= endpoints.count {
                moveOn(at: now)
                guard current != nil else { break }
            }
            guard let current else {
                end()
                return nil
            }
            defer { endpointsTried += 1 }
            return (current, endpoints[endpointsTried])
        }

        /// Whether the server that it is at has an address that was not tried.
        package var hasAnotherAddress: Bool { current != nil && endpointsTried < endpoints.count }

        /// The next address of the server that it is at.
        package mutating func nextAddress() -> Endpoint? {
            guard hasAnotherAddress else { return nil }
            defer { endpointsTried += 1 }
            return endpoints[endpointsTried]
        }

        /// Whether ``next()`` has another, unless that changes in between.
        package var hasNext: Bool {
            guard !isOver else { return false }
            guard let current else { return limit > 0 }
            if endpointsTried < endpoints.count { return true }
            guard tried.count + 1 < limit else { return false }
            var gone = tried
            gone.insert(current, of: group.servers.count)
            return group.loads.withTable { table in
                gone.formUnion(group.exclusions(in: table).always)
                gone.formUnion(group.full(in: table))
                return gone.count < group.servers.count
            }
        }

        /// Goes to another server, if there is one.
        private mutating func moveOn(at now: Instant) {
            let before = current
            if let before { tried.insert(before, of: group.servers.count) }
            let isSpent = tried.count >= limit
            var hasRoom = false
            current = group.loads.withTable { table in
                if let before { hasRoom = table.giveBack(group.slots[before]) }
                guard !isSpent, let index = choose(in: table, at: now) else { return nil }
                table.take(group.slots[index])
                return index
            }
            endpoints = current.map { group.servers[$0].nextOrder(at: now) } ?? []
            endpointsTried = 0
            if hasRoom { group.loads.room.wake(1) }
        }

        private mutating func choose(in table: borrowing LoadTable, at now: Instant) -> Int? {
            let first = first
            self.first = .none
            if table.takesAll, table.generation == group.generation {
                switch first {
                case .turn(let index), .wanted(let index): return index
                case .none: return tried.count < group.servers.count ? group.pick(in: table, for: &self) : nil
                }
            }
            let (exclusions, full) = (group.exclusions(in: table), group.full(in: table))
            switch first {
            case .turn(let index) where exclusions.isEmpty && full.isEmpty: return index
            case .wanted(let index) where full.contains(index): if limit == 1 { return nil }
            // Where nobody else may be asked, an ejected server is asked all the same.
            case .wanted(let index)
            where !exclusions.down.contains(index) && (limit == 1 || !exclusions.ejected.contains(index)):
                return index
            case .wanted where limit == 1: return nil
            case .turn(let index):
                if !exclusions.usual.contains(index), !full.contains(index),
                    group.isLucky(index, exclusions, in: table, at: now)
                {
                    return index
                }
            case .none, .wanted: break
            }
            return group.choose(among: exclusions, in: table, at: now, for: &self)
        }

        /// The connection to the server is over, or none was made: nothing is counted any more, and there is no next. It may
        /// be called again.
        package mutating func end() {
            guard let current else {
                isOver = true
                return
            }
            let hasRoom = group.loads.withTable { $0.giveBack(group.slots[current]) }
            self.current = nil
            isOver = true
            if hasRoom { group.loads.room.wake(1) }
        }
    }
}
