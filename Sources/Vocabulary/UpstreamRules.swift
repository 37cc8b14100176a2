/// When a server that does not take connections gets none for a while.
package struct EjectionRule: Sendable, Hashable {
    /// So many failures to connect in a row; 0 for never.
    package var failures = 2
    /// So many in a hundred connects of a ``window``; 0 for never.
    package var percent = 50
    /// The length of a window.
    package var window = Duration.seconds(10)
    /// A window with fewer connects says nothing.
    package var minimum = 20
    /// A connect that takes longer counts as a failure; `nil`: none does.
    package var latency: Duration?
    /// How long the first ejection lasts; each one after it, without a success between, twice as long.
    package var base = Duration.seconds(1)
    package var longest = Duration.seconds(60)
    /// So many in a hundred of the group's servers at most.
    package var most = 50

    package init() {}

    /// Nobody is ever ejected.
    package static var never: EjectionRule {
        var rule = EjectionRule()
        (rule.failures, rule.percent, rule.latency) = (0, 0, nil)
        return rule
    }

    /// How long an ejection lasts.
    ///
    /// - Parameter times: which one in a row, from 1 on.
    package func duration(times: Int) -> Duration {
        // More doublings than that exceed any longest.
        min(longest, base * (1 << min(times - 1, 30)))
    }
}

/// How many answers in a row decide on a server's health.
package struct CheckRule: Sendable, Hashable {
    /// Good ones until it is up.
    package var rise = 2
    /// Bad ones until it is down.
    package var fall = 3

    package init() {}
}

/// How far a connection whose server does not take it goes on to others.
package struct RetryRule: Sendable, Hashable {
    /// So many tries after the first, of servers: addresses that refuse are none of their own; 0 for none.
    package var most = 5
    /// No try begins later than this after the first.
    package var time = Duration.seconds(15)
    /// So many tries after a first, of all connections of the group, in a hundred first ones.
    package var budget = 20

    package init() {}
}

/// How connections wait where no server of a group may have them.
package struct QueueRule: Sendable, Hashable {
    /// How many wait at most; 0: none does.
    package var most = 0
    /// How long each waits at most.
    package var time = Duration.seconds(1)

    package init() {}
}
