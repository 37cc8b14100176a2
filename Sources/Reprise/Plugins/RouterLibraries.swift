internal import RepriseConfiguration
internal import RepriseRouting
internal import RepriseVocabulary

/// The shared objects with routers that are loaded: one whose file and argument have not changed keeps what it has learnt
/// through a reload.
package final class RouterLibraries: Sendable {
    /// None is loaded yet.
    package init() {}

    private let loaded = Locked<[String: PluginRouter]>([:])

    /// The routers of a plan's libraries by name, with the faults of those that cannot be loaded.
    func routers(of plan: Plan?) -> (routers: [String: any UpstreamRouter], faults: [Fault]) {
        var (routers, faults): ([String: PluginRouter], [Fault]) = ([:], [])
        for router in plan?.routers ?? [] {
            guard let library = router.library else { continue }
            do throws(PluginFailure) {
                routers[router.name] = try self.router(router.name, library.path, router.argument)
            } catch {
                faults.append(Fault(source: library.source, message: "\(library.shownPath): \(error)"))
            }
        }
        return (routers, faults)
    }

    private func router(_ name: String, _ path: String, _ argument: String) throws(PluginFailure) -> PluginRouter {
        let identity = PluginRouter.Identity(path: path, argument: argument, stamp: FileStamp(path))
        if let known = loaded.withLock({ $0[name] }), known.identity == identity { return known }
        return try PluginRouter(path, argument: argument)
    }

    /// Keeps those that are in force, for the next reload.
    func keep(_ routers: [String: any UpstreamRouter]) {
        let plugins = routers.compactMapValues { $0 as? PluginRouter }
        let old = loaded.withLock { loaded in
            defer { loaded = plugins }
            return loaded
        }
        // Dropped outside the lock: a plug-in's destroy is its own code.
        withExtendedLifetime(old) {}
    }
}
