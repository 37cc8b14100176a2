/// What is asked of the kernel for a TCP connection; each part at its default asks for nothing.
package struct TCPOptions: Sendable, Hashable {
    /// Probes on a silent connection; `nil`: none.
    package var keepalive: Keepalive?
    /// How long sent bytes may stay unacknowledged before the kernel gives the connection up (TCP_USER_TIMEOUT);
    /// zero: the kernel's own choice.
    package var userTimeout = Duration.zero
    /// The class of service that packets are marked with.
    package var serviceClass = ServiceClass.standard

    package init() {}

    /// How a silent peer is asked whether it is still there (SO_KEEPALIVE).
    package struct Keepalive: Sendable, Hashable {
        /// Without a byte, before the first probe; whole seconds.
        package var idle = Duration.seconds(60)
        /// Between probes; whole seconds.
        package var interval = Duration.seconds(15)
        /// How many probes go unanswered before the connection is given up.
        package var count = 4

        package init() {}
    }
}

/// What is asked of the kernel for a listener.
package struct ListenerTCPOptions: Sendable, Hashable {
    /// For its connections: the kernel lets accepted sockets inherit them.
    package var connections = TCPOptions()
    /// How many connections the kernel queues for one socket; it cuts this down to net.core.somaxconn.
    package var backlog = 4096
    /// How many clients may have sent data with a SYN that is not answered yet (TCP_FASTOPEN); 0: none may.
    package var fastOpen = 0
    /// Whether each worker has a socket and a queue of its own (SO_REUSEPORT).
    package var sharesPort = true
    /// Whether an IPv6 socket takes IPv6 alone (IPV6_V6ONLY).
    package var takesIPv6Alone = true

    package init() {}
}

/// What is asked of the kernel for connections to upstream servers.
package struct UpstreamTCPOptions: Sendable, Hashable {
    package var connections = TCPOptions()
    /// The address to connect from; `nil`: the one that the kernel chooses.
    package var source: SourceAddress?

    package init() {}
}

/// The address to connect from.
package enum SourceAddress: Sendable, Hashable, CustomStringConvertible {
    /// The client's own, which is not this machine's: transparently (IP_TRANSPARENT).
    case client
    case address(IPAddress)

    /// The word for ``client``.
    package static let word = "client"

    /// Reads the word `client` or an address that is not unspecified; `nil` for anything else.
    package init?(parsing text: String) {
        if text == Self.word {
            self = .client
        } else if let address = IPAddress(parsing: text), !address.isUnspecified {
            self = .address(address)
        } else {
            return nil
        }
    }

    package var description: String {
        switch self {
        case .client: Self.word
        case .address(let address): "\(address)"
        }
    }
}
