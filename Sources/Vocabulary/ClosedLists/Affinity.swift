/// What ties a client to a server of a group.
package enum Affinity: Int, ClosedList {
    case none, session

    package static let title = "Affinity"

    package var text: (word: String, meaning: String) {
        switch self {
        case .none: ("none", "Nothing: each connection is balanced.")
        case .session: ("session", "The client's TLS session remembers the server.")
        }
    }
}

/// What the memory of a session was good for.
package enum AffinityResult: Int, ClosedList {
    case kept, new, moved, gone, otherGroup, overloaded

    package static let title = "Results of session affinity"

    package var text: (word: String, meaning: String) {
        switch self {
        case .kept: ("kept", "The session remembered the server, and the server took the connection.")
        case .new: ("new", "The session remembered no server: it is new, or was made without affinity.")
        case .moved:
            ("moved", "The server that the session remembered did not take the connection; it remembers the other now.")
        case .gone: ("gone", "The group no longer has the server that the session remembered, or not at that address.")
        case .otherGroup: ("other_group", "The session remembered a server of another group.")
        case .overloaded: ("overloaded", "The server that the session remembered had more than `affinity_max_load`.")
        }
    }
}
