internal import RepriseTLS

/// Limits of the resumption module that no option changes.
package enum ResumptionLimits {
    /// How many certificates of a client's chain a session remembers, the trust anchor too; a longer chain does not
    /// resume.
    package static let rememberedCertificates = 5
    /// How many bytes a router may put into a session. It makes every ticket longer.
    package static let applicationDataBytes = 256
    /// The most bytes for one certificate: its issuer's name and key, two counts, its points and its serial number.
    private static let certificateBytes = 4 + 8 + 2 + TLSLimits.distributionPoints * 8 + 255
    /// The most bytes that a session remembers.
    package static let stateBytes = 64 + 32 + 256 + rememberedCertificates * certificateBytes + applicationDataBytes
    /// Lineages whose application data waits for their next ticket; the one that has waited longest makes room.
    package static let pendingLineages = 65_536
    /// The most writes to a session store on another machine that are under way; it skips more.
    package static let storeWrites = 4096
    /// How long a write to such a store may take before it is given up.
    package static let storeWriteDeadline = Duration.seconds(5)
    /// How often to ask again for a single-use session that another connection holds; a hold lasts for a few dozen
    /// microseconds.
    package static let holdTries = 1000
    /// The largest capacity of a deny list, in lineages.
    package static let denyListEntries = 1 << 24
    /// Into how many shares a deny list is divided: one address, or one certificate, fills one.
    package static let denyListShares = 16
    /// How many stored sessions an address gets beyond the configured number, within a session's lifetime.
    package static let wishShare = 64
    /// The longest `sessions.lifetime`.
    static let longestLifetime = Duration.seconds(604_800)
    /// How many counters the addresses share for that.
    package static let wishSlots = 4096
}
