/// What became of a reload of the configuration.
package enum ReloadResult: String, Sendable, Hashable, CaseIterable {
    /// The new file is in force.
    case applied
    /// The new file has faults; nothing changed.
    case refused
    /// The new file is in force but for what only a restart can change, such as `workers`.
    case needsRestart = "needs_restart"
    /// The file is right, but its parts could not be built (a port in use); nothing changed.
    case failed
}
