internal import RepriseTLS

/// Limits of the resumption module that no option changes.
package enum ResumptionLimits {
    /// How many certificates of a client's chain a session remembers, the trust anchor too; a longer chain does not resume.
    package static let rememberedCertificates = 5
    /// How much a router may have a session remember. It makes every ticket longer.
    package static let applicationDataBytes = 256
    /// What one certificate can come to: its issuer's name and key, two counts, its points and its serial number.
    private static let certificateBytes = 4 + 8 + 2 + TLSLimits.distributionPoints * 8 + 255
    /// What all that a session remembers can come to.
    package static let stateBytes = 64 + 256 + rememberedCertificates * certificateBytes + applicationDataBytes
    /// Lineages whose application data waits for their next ticket; the one that has waited longest makes room.
    package static let pendingLineages = 65_536
    /// What a session store on another machine has been told and has not taken in yet; more is left out.
    package static let storeWrites = 4096
    /// How often a single-use session that another connection holds is asked for again; a hold lasts for a few dozen
    /// microseconds.
    package static let holdTries = 1000
    /// Lineages that a deny list is set up for at the most.
    package static let denyListEntries = 1 << 24
    /// Into how many shares a deny list is divided: one address, or one certificate, fills one.
    package static let denyListShares = 16
    /// How many stored sessions an address is given beyond what is set, within a session's lifetime.
    package static let wishShare = 64
    /// The longest `sessions.lifetime`.
    static let longestLifetime = Duration.seconds(604_800)
    /// In how many places addresses are counted for that.
    package static let wishPlaces = 4096
}
