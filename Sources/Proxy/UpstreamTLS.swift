package import RepriseTLS

/// How we speak TLS to an upstream.
package struct UpstreamTLS: Sendable {
    package let settings: ClientSettings
    /// The name that its servers are asked for (SNI) and verified against; no address.
    package let serverName: String?

    package init(_ settings: ClientSettings, serverName: String?) {
        (self.settings, self.serverName) = (settings, serverName)
    }

    func transport() throws(ContextError) -> WorkerUpstream.Transport {
        do throws(ClientError) {
            let context = try ClientContext(settings)
            // This finds a name that no connection could ask for.
            let trial = try ClientConnection(context: context, output: OutputBuffer(), serverName: serverName)
            trial.stream.close()
            return .tls(context, serverName: serverName)
        } catch {
            throw .upstream(error.description)
        }
    }
}
