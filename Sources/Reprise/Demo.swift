internal import RepriseEventLoop
internal import RepriseProxy
internal import RepriseTLS
internal import RepriseVocabulary

/// A Reprise without prerequisites: it makes its certificate itself, and has an upstream in the same process.
package struct Demo: Sendable {
    /// The names in the certificate, beside the loopback addresses.
    static let names = ["localhost", "reprise.test"]
    static let certificateDays: Int64 = 30

    private let program: Program
    private let upstream: DemoUpstream

    /// Sets the demo up; ``runToExit(report:started:)`` starts it.
    ///
    /// - Parameters:
    ///   - bind: where it listens, such as `127.0.0.1:8443`.
    ///   - admin: where its administrative endpoint listens; `nil` for none.
    /// - Throws: an invalid address, or what the system refuses.
    package init(
        bind: String, admin: String?, environment: [String: String], log: Program.LogOutput
    ) throws(RepriseError) {
        Program.prepareLibrary()
        try Library.checkForReprise()
        do {
            try Descriptors.checkLeast(raising: true)
        } catch {
            throw .cannotStart("\(error)")
        }
        let upstream = DemoUpstream(metrics: admin)
        self.upstream = upstream
        do {
            let now = Clocks.wall()
            let pair = try SelfSigned.make(
                names: Self.names + ["127.0.0.1", "::1"],
                validFrom: WallTime(secondsSinceEpoch: now.secondsSinceEpoch - 60),
                validUntil: now.later(bySeconds: Self.certificateDays * 86_400))
            let address = try Self.serve(upstream)
            let text = Self.configuration(bind: bind, admin: admin, upstream: address)
            let files = ["demo:chain": pair.chainPEM, "demo:key": pair.keyPEM.withBytes { Array($0) }]
            let source = ConfigurationSource(
                file: "demo", directory: ".", read: { () throws(FileReader.ReadError) in Array(text.utf8) },
                readFile: { (path: String) throws(FileReader.ReadError) in
                    guard let bytes = files[path] else { throw FileReader.ReadError(description: "no such file") }
                    return bytes
                })
            program = Program(
                source: source, environment: environment, log: log, observers: Observers(connections: upstream))
        } catch {
            throw .cannotStart("\(error)")
        }
    }

    /// Serves until a signal ends it, and ends the process.
    package func runToExit(
        report: @escaping @Sendable (String) -> Void, started: @escaping @Sendable () -> Void
    ) -> Never {
        program.runToExit(report: report, started: started)
    }

    /// The most clients of the demo's upstream at once.
    private static let maximumVisitors = 1000

    /// Starts the upstream on a loop of its own, which lives as long as the process.
    private static func serve(_ upstream: DemoUpstream) throws -> Endpoint {
        let loop = try EventLoop(name: "demo-upstream")
        let server = HTTPServer(loop: loop, limit: Self.maximumVisitors) { upstream.answer($0) }
        let endpoint = try server.listen(on: .ip(.loopback4, port: 0))
        // The demo's upstream is never closed: the loop keeps the reference.
        loop.keep(server)
        try loop.start()
        return endpoint
    }

    private static func configuration(bind: String, admin: String?, upstream: Endpoint) -> String {
        """
        listeners:
          - name: demo
            bind: ["\(bind)"]
            tls:
              alpn: [http/1.1]
              hosts:
                - names: [\(names.joined(separator: ", "))]
                  certificates: [{ chain: "demo:chain", key: "demo:key" }]
            router: built-in
        upstreams:
          - name: built-in
            servers: ["\(upstream)"]
        \(admin.map { "admin: { bind: \"\($0)\" }" } ?? "")
        """
    }
}
