/// How long a connection may take for each part of its life.
package struct ConnectionTimeouts: Sendable, Hashable {
    /// For the header of the PROXY protocol, where one may come.
    package var proxyHeader: Duration = .seconds(5)
    package var handshake: Duration = .seconds(10)
    /// For a router's answer.
    package var route: Duration = .seconds(1)
    /// For each server that is tried.
    package var connect: Duration = .seconds(5)
    /// Without a byte in either direction.
    package var idle: Duration = .seconds(300)
    /// Without a byte in the remaining direction, when the other has ended.
    package var halfClosed: Duration = .seconds(30)
    /// For the client to take our close_notify and close.
    package var shutdown: Duration = .seconds(2)

    package init() {}
}
