package import RepriseVocabulary

/// TLS sessions that servers give us.
package struct UpstreamSessionsPlan: Sendable, Hashable {
    /// How many of one server and name are kept.
    package var keep = 16
    /// For all of them.
    package var size = ByteCount(16 << 20)
    /// `sessions.max_chain_age`.
    package var maximumChainAge = SessionsPlan().maximumChainAge

    /// The defaults.
    package init() {}
}

/// TLS sessions of one listener.
package struct SessionsPlan: Sendable, Hashable {
    /// Session tickets.
    package struct Tickets: Sendable, Hashable {
        package var full = 1
        package var resumed = 1
        package var rotate = Duration.seconds(3600)
        /// The place of `rotate` in the file.
        package var rotatePlace = Place()
        /// Files with keys to use instead of our own.
        package var keys: [FileReference] = []
        package var delay = Duration.milliseconds(20)
        package var waitForUpstream = false
    }

    /// Where stateful sessions are kept.
    package struct Cache: Sendable, Hashable {
        package var size = ByteCount(64 << 20)
    }

    package var mode = SessionMode.both
    package var domain = ""
    package var lifetime = Duration.seconds(7200)
    package var maximumChainAge = Duration.seconds(86_400)
    package var isSingleUse = false
    package var cache = Cache()
    package var storeDeadline = Duration.milliseconds(20)
    package var denyList = 65_536
    /// What endings mean.
    package var endings = EndingVerdicts()
    package var tickets = Tickets()

    /// The defaults.
    package init() {}
}
