/// What a session carries of the host that it was made at: it tells why a session is not this host's, and decides nothing.
///
/// ``SessionOffer/sessionIDContext`` decides.
package struct HostDigest: Sendable, Hashable {
    /// The domain's digest in the upper half, the host's in the lower one.
    package let value: UInt64

    package init(value: UInt64) { self.value = value }

    package init(host: String, domain: String) {
        let (host, domain) = (SessionCrypto.digest(Array(host.utf8)), SessionCrypto.digest(Array(domain.utf8)))
        value = domain << 32 | host & 0xffff_ffff
    }

    /// Whether both are of one session domain.
    package func isOfDomain(of other: HostDigest) -> Bool { value >> 32 == other.value >> 32 }
}
