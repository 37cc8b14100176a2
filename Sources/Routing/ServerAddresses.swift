package import RepriseVocabulary

/// The addresses of a server's name, which change as DNS says; shared by all workers and generations. Equal to itself alone.
package final class ServerAddresses: Sendable, Hashable {
    private let state: Locked<[Endpoint]>

    /// - Parameter endpoints: those that are known; empty for none yet.
    package init(_ endpoints: [Endpoint] = []) {
        state = Locked(endpoints)
    }

    /// The addresses now, in the order of trying.
    package var endpoints: [Endpoint] { state.withLock { $0 } }

    /// Replaces them. Connections that are being made go on with those that they began with.
    ///
    /// - Parameter endpoints: at least one: a name that has had addresses keeps some.
    package func replace(by endpoints: [Endpoint]) {
        precondition(!endpoints.isEmpty, "a server's addresses were taken away")
        state.withLock { $0 = endpoints }
    }

    package static func == (one: ServerAddresses, other: ServerAddresses) -> Bool { one === other }

    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
