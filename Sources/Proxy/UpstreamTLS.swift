package import RepriseTLS

/// How TLS is spoken to an upstream.
package struct UpstreamTLS: Sendable {
    package let settings: ClientSettings
    /// What its servers are asked for, and verified as; no address.
    package let serverName: String?

    package init(_ settings: ClientSettings, serverName: String?) {
        (self.settings, self.serverName) = (settings, serverName)
    }

    func transport() throws(ContextError) -> WorkerUpstream.Transport {
        do throws(ClientError) {
            let context = try ClientContext(settings)
            // A name that no connection could ask for is found out now.
            let trial = try ClientConnection(context: context, output: OutputBuffer(), serverName: serverName)
            trial.stream.close()
            return .tls(context, serverName: serverName)
        } catch {
            throw .upstream(error.description)
        }
    }
}
