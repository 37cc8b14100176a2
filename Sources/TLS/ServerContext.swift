internal import CLibSSL

/// A listener's own SSL_CTX on one worker: the session cache, and the door to the hosts. Confined to its worker.
package final class ServerContext {
    let context: OpaquePointer
    let hosts: HostContexts
    let settings: ListenerTLSSettings
    /// The wire form of ``ListenerTLSSettings/alpn`` (RFC 7301 §3.1, without the outer length).
    let alpnList: [UInt8]

    /// - Throws: what libssl objects to.
    package init(hosts: HostContexts, settings: ListenerTLSSettings) throws(ContextError) {
        self.hosts = hosts
        self.settings = settings
        context = try ContextSetup.make(settings)
        settings.sessions.apply(to: context)
        alpnList = settings.alpn.flatMap { [UInt8(clamping: $0.utf8.count)] + Array($0.utf8) }
    }

    deinit {
        SSL_CTX_free(context)
    }
}
