/// Limits of the resumption room that no option changes.
package enum ResumptionLimits {
    /// How many certificates of a client's chain a session remembers; a longer chain does not resume.
    package static let rememberedCertificates = 4
    /// How much a router may have a session remember. It makes every ticket longer.
    package static let applicationDataBytes = 256
    /// What all that a session remembers can come to.
    package static let memoryBytes = 64 + 256 + rememberedCertificates * (4 + 1 + 255) + applicationDataBytes
    /// Lineages whose application data waits for their next ticket; the one that has waited longest makes room.
    package static let pendingLineages = 65_536
    /// What a session store on another machine has been told and has not taken in yet; more is left out.
    package static let storeWrites = 4096
    /// Lineages that a deny list is set up for at the most.
    package static let denyListEntries = 1 << 24
}
