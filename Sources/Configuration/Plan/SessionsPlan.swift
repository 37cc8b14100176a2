package import RepriseVocabulary

/// TLS sessions of one listener.
package struct SessionsPlan: Sendable, Hashable {
    /// What sessions are resumed by.
    package enum Mode: String, Sendable { case both, stateless, stateful, off }

    /// Session tickets.
    package struct Tickets: Sendable, Hashable {
        package var full = 1
        package var resumed = 1
        /// Where the file says so; else an hour.
        package var rotate: Located<Duration>?
        /// Files whose keys are used instead of our own.
        package var keys: [FileReference] = []
        package var delay = Duration.milliseconds(20)
        package var waitForUpstream = false
    }

    package var mode = Mode.both
    package var domain = ""
    package var lifetime = Duration.seconds(7200)
    package var maximumChainAge = Duration.seconds(86_400)
    package var isSingleUse = false
    package var cacheSize = ByteCount(64 << 20)
    package var storeDeadline = Duration.milliseconds(20)
    package var denyList = 65_536
    /// What endings mean, where the file says so: an ending's kind or `fatal_alert`, and `keep` or `drop`.
    package var endings: [String: String] = [:]
    package var tickets = Tickets()

    /// What holds where the file says nothing.
    package init() {}
}
