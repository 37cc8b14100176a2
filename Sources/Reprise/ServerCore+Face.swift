internal import RepriseConfiguration
internal import RepriseProxy
internal import RepriseResumption
internal import RepriseRouting
internal import RepriseTLS
internal import RepriseVocabulary

/// What a ``Server`` asks of it.
extension ServerCore {
    /// Starts.
    ///
    /// - Returns: the addresses it serves on, by name.
    func started() async -> Result<[Server.Address], RepriseError> {
        do throws(RepriseError) {
            try await start()
        } catch {
            return .failure(error)
        }
        guard isServing else { return .failure(.notNow(.draining)) }
        return .success(
            sockets.sorted { $0.key < $1.key }.flatMap { name, sockets in
                sockets.map { Server.Address(listener: name, endpoint: $0.bound) }
            })
    }

    /// Reloads, and says why it did not.
    func reloaded() async -> Result<Void, RepriseError> {
        await reload().map { .failure($0) } ?? .success(())
    }

    /// Lends a connection, on the worker that has it.
    func withConnection<Result: Sendable>(
        _ id: ConnectionID, _ body: @escaping @Sendable (borrowing ConnectionView) -> Result
    ) async -> Result? {
        for worker in workers {
            if let result = await worker.withConnection(id, body) { return result }
        }
        return nil
    }

    /// Where the sessions of a listener's host belong now.
    func sessionContext(listener: String, host: String?) -> SessionContext? {
        guard let plan = plan?.listeners.first(where: { $0.name == listener }),
            let domain = lasting.domains[plan.sessions.domain]
        else { return nil }
        let hosts = hosts[listener] ?? []
        guard let found = host.map({ id in hosts.first { $0.id == id } }) ?? hosts.first else { return nil }
        return SessionContext(
            hostID: found.id, fingerprint: found.sessionIDContext, domain: domain,
            policy: ResumptionPolicy(plan.sessions))
    }
}
