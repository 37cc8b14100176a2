internal import RepriseVocabulary

/// Where connections come from: each address has 28,000 ports or so towards one server, by Linux's defaults.
///
/// Addresses that were asked for are taken in turn. Otherwise the system chooses, until its ports run out: towards a
/// server on this machine, all of 127.0.0.0/8 is ours to come from, and the next address is taken.
struct SourceAddresses {
    /// How many are taken beyond the system's choice.
    static let limit = 64
    /// 127.64.0.1 is the first: far from those that servers are put on.
    private static let first: UInt32 = 0x7f40_0001

    private(set) var addresses: [IPAddress]
    private let areAskedFor: Bool
    private var turn = 0

    init(_ addresses: [IPAddress]) {
        (self.addresses, areAskedFor) = (addresses, !addresses.isEmpty)
    }

    /// The one of the next connection; `nil` for the system's choice.
    mutating func next() -> SourceAddress? {
        guard !addresses.isEmpty else { return nil }
        guard areAskedFor else { return addresses.last.map { .address($0) } }
        turn += 1
        return .address(addresses[(turn - 1) % addresses.count])
    }

    /// No port was left.
    ///
    /// - Returns: whether there is another address to try.
    mutating func ranOut(towards server: Endpoint) -> Bool {
        guard !areAskedFor, addresses.count < Self.limit, let address = server.address, address.isLoopback,
            !address.isIPv6
        else { return false }
        addresses.append(IPAddress(ipv4: Self.first + UInt32(addresses.count)))
        return true
    }
}
