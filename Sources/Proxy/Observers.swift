package import RepriseResumption

/// Who in the same process wants to know of what happens; nobody unless it is said.
package struct Observers: Sendable {
    package var connections: (any ConnectionObserver)?
    package var sessions: (any SessionObserver)?

    package init(connections: (any ConnectionObserver)? = nil, sessions: (any SessionObserver)? = nil) {
        self.connections = connections
        self.sessions = sessions
    }
}
