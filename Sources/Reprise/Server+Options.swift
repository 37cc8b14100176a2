public import Logging
public import RepriseResumption
public import RepriseRouting

/// What a program says of its server.
extension Server {
    /// Where a server's configuration comes from.
    ///
    /// ```swift
    /// let port = 8080
    /// let server = Server(.text("""
    ///     listeners:
    ///       - { name: web, bind: ["[::]:8443"], router: app, tls: { hosts: [{ names: [a.test], certificates: [
    ///           { chain: a.pem, key: a.key }] }] } }
    ///     upstreams: [{ name: app, servers: ["127.0.0.1:\(port)"] }]
    ///     """, relativeTo: "/etc/app"))
    /// ```
    public struct Configuration: Sendable {
        let source: ConfigurationSource

        /// A YAML file; paths in it are relative to its folder, and a reload reads it anew.
        public static func file(_ path: String) -> Configuration {
            Configuration(source: ConfigurationSource(file: path))
        }

        /// Values by the names of such a file.
        ///
        /// - Parameters:
        ///   - values: called on the control thread at the start and at each reload.
        ///   - name: what faults call it.
        ///   - folder: what relative paths in it are relative to.
        public static func values(
            _ values: @escaping @autoclosure @Sendable () -> ConfigurationValue, name: String = "configuration",
            relativeTo folder: String = "."
        ) -> Configuration {
            text(values().yaml, name: name, relativeTo: folder)
        }

        /// The text of such a file.
        ///
        /// - Parameters:
        ///   - text: YAML; it is called on the control thread at the start and at each reload.
        ///   - name: what faults call it.
        ///   - folder: what relative paths in it are relative to.
        public static func text(
            _ text: @escaping @autoclosure @Sendable () -> String, name: String = "configuration",
            relativeTo folder: String = "."
        ) -> Configuration {
            Configuration(source: ConfigurationSource(text: text, name: name, directory: folder))
        }
    }

    /// What a program decides that no configuration can say.
    ///
    /// ```swift
    /// var options = Server.Options()
    /// options.environment = ["PORT": "8443"]
    /// options.sessions = EstablishedSessions()
    /// options.store = store
    /// let server = Server(.file("reprise.yaml"), options)
    /// ```
    public struct Options: Sendable {
        /// The variables for `${NAME}` in the configuration. `NOTIFY_SOCKET`, `LISTEN_PID` and `LISTEN_FDS` among them
        /// make it systemd's service (sd_notify(3), sd_listen_fds(3)).
        public var environment: [String: String] = [:]
        /// Gets every session that a client is given, for example an `EstablishedSessions`.
        public var sessions: (any SessionObserver)?
        /// Learns of every connection.
        public var connections: (any ConnectionObserver)?
        /// Decide where connections go, by the names under which `router` options of the configuration have them. A name is
        /// 1 to 64 letters, digits, `-`, `_` and `.`, and no upstream group has it.
        public var routers: [String: any UpstreamRouter] = [:]
        /// Keeps the stateful sessions of all session domains, for machines that share them; `nil`: this process keeps
        /// them. Machines that share a store share `sessions.tickets.keys`, too.
        public var store: (any SessionStore)?
        /// Where the log goes, at the configuration's level; `nil`: to standard error, in its format.
        public var logger: Logger?
        /// What it may change of the process.
        public var process: ProcessSettings = []

        public init() {}
    }

    /// What a server may change of the whole process, for programs that are nothing beside it.
    ///
    /// ```swift
    /// var options = Server.Options()
    /// options.process = [.raiseDescriptorLimit, .forbidCoreDumps]
    /// ```
    public struct ProcessSettings: OptionSet, Sendable {
        public let rawValue: Int

        public init(rawValue: Int) { self.rawValue = rawValue }

        /// Raises RLIMIT_NOFILE to its hard limit: each connection needs two descriptors.
        public static let raiseDescriptorLimit = ProcessSettings(rawValue: 1)
        /// Forbids core dumps (RLIMIT_CORE), which would hold private keys, ticket keys and sessions.
        public static let forbidCoreDumps = ProcessSettings(rawValue: 2)
    }
}
