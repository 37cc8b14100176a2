package import RepriseVocabulary

/// What a listener asks of the kernel's TCP.
package struct ListenerTCPPlan: Sendable, Hashable {
    package var options = ListenerTCPOptions()
    /// The place of `fast_open` in the file.
    package var fastOpenPlace = Place()
}

/// What an upstream group asks of the kernel's TCP.
package struct UpstreamTCPPlan: Sendable, Hashable {
    var connections = TCPOptions()
    package var source: Located<SourceAddress>?

    /// As sockets take them.
    package var all: UpstreamTCPOptions {
        var options = UpstreamTCPOptions()
        (options.connections, options.source) = (connections, source?.value)
        return options
    }
}
