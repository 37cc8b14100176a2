internal import Synchronization
package import Vocabulary

/// Decides which connections a listener takes, before any crypto is spent; shared by all its workers.
///
/// It lives as long as the listener's name does, so that a reload forgets no open connection.
package final class Admission: Sendable {
    /// The limit that refused a connection, by the name it has in the file.
    package enum Refusal: String, Sendable, CaseIterable {
        case connections
        case handshakes
        case handshakeRate = "handshake_rate"
        case perClient = "per_client"
    }

    private let open = Atomic<Int>(0)
    private let handshaking = Atomic<Int>(0)
    private let bucket = Locked<TokenBucket?>(nil)
    private let clients = Locked<[IPAddress: Int]>([:])

    package init() {}

    /// How many connections are open.
    package var openConnections: Int { open.load(ordering: .relaxed) }

    /// Takes in a connection, or says which limit forbids it.
    ///
    /// Each connection that is taken in must be followed by one ``handshakeEnded()`` and one ``connectionEnded(_:)``.
    /// - Parameter client: its address; `nil` for a client on a Unix socket, which counts for no `per_client`.
    /// - Returns: the ticket to hand back at the end, or the refusal.
    package func admit(
        _ client: IPAddress?, limits: AdmissionLimits, at now: Instant
    ) -> Result<Entry, RefusalError> {
        guard open.wrappingAdd(1, ordering: .relaxed).newValue <= limits.connections else {
            open.wrappingSubtract(1, ordering: .relaxed)
            return .failure(RefusalError(limit: .connections))
        }
        let handshakes = handshaking.wrappingAdd(1, ordering: .relaxed).newValue
        guard limits.handshakes == 0 || handshakes <= limits.handshakes else { return refuse(.handshakes) }
        if limits.handshakeRate > 0 {
            let passes = bucket.withLock { bucket in
                var current = bucket ?? TokenBucket(rate: limits.handshakeRate, at: now)
                defer { bucket = current }
                return current.take(rate: limits.handshakeRate, at: now)
            }
            guard passes else { return refuse(.handshakeRate) }
        }
        guard limits.perClient > 0, let client = client?.network else { return .success(Entry(counted: nil)) }
        let passes = clients.withLock { clients in
            let count = clients[client, default: 0]
            guard count < limits.perClient else { return false }
            clients[client] = count + 1
            return true
        }
        return passes ? .success(Entry(counted: client)) : refuse(.perClient)
    }

    /// One connection's handshake is over, well or not.
    package func handshakeEnded() {
        handshaking.wrappingSubtract(1, ordering: .relaxed)
    }

    /// One connection is over.
    package func connectionEnded(_ entry: Entry) {
        open.wrappingSubtract(1, ordering: .relaxed)
        guard let client = entry.counted else { return }
        clients.withLock { clients in
            guard let count = clients[client] else { return }
            clients[client] = count > 1 ? count - 1 : nil
        }
    }

    private func refuse(_ limit: Refusal) -> Result<Entry, RefusalError> {
        open.wrappingSubtract(1, ordering: .relaxed)
        handshaking.wrappingSubtract(1, ordering: .relaxed)
        return .failure(RefusalError(limit: limit))
    }

    /// What a connection was counted under.
    package struct Entry: Sendable {
        fileprivate let counted: IPAddress?
    }

    /// A limit that is reached.
    package struct RefusalError: Error, Sendable, Hashable {
        package let limit: Refusal
    }
}
