/// The upstream server that a session remembers, as digests: 24 bytes in every ticket, whatever the names are.
///
/// They are looked up among the servers of a group; what is not found there is gone.
package struct UpstreamMemory: Sendable, Hashable {
    /// Of the group's name.
    package let group: UInt64
    /// Of the server's id.
    package let server: UInt64
    /// Of the server's address as it was written.
    package let address: UInt64

    package init(group: UInt64, server: UInt64, address: UInt64) {
        (self.group, self.server, self.address) = (group, server, address)
    }
}

/// A value and when it was set, in milliseconds since 1970: of two the later counts.
struct Stamped<Value: Sendable & Hashable>: Sendable, Hashable {
    let value: Value
    let set: UInt64
}
