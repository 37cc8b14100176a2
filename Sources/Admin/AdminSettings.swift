/// What can change about the administrative endpoint while it serves.
package struct AdminSettings: Sendable, Hashable {
    /// How many connections there are at most, at least 1.
    package var connections: Int
    /// By which names it may be asked.
    package var hosts: AdminHosts

    package init(connections: Int = 64, hosts: AdminHosts = AdminHosts()) {
        self.connections = connections
        self.hosts = hosts
    }
}
