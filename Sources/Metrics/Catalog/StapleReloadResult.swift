/// What became of a changed file with an OCSP response.
package enum StapleReloadResult: String, Sendable, Hashable, CaseIterable {
    /// The new response is stapled from now on.
    case loaded
    /// The file cannot be read or is no OCSP response; the one before stays.
    case failed
}
