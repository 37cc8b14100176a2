internal import RepriseProxy
public import RepriseResumption

/// Runs a Reprise with a configuration file on the calling thread, until SIGTERM or SIGINT has drained it.
///
/// For programs that embed Reprise; the `reprise` command does the same. It takes SIGTERM, SIGINT and SIGHUP over,
/// ignores SIGPIPE, raises the limit of descriptors to its hard one, forbids core dumps, and logs to standard error.
/// - Parameters:
///   - configurationFile: the path of the YAML file; paths in it are relative to its folder.
///   - sessions: gets every session that a client is given, for example an ``EstablishedSessions``.
///   - environment: the variables for `${NAME}` in the file, `NOTIFY_SOCKET` and `LISTEN_FDS`.
///   - report: gets the reasons why it did not start, one line at a time.
/// - Returns: 0 after draining, 1 when the configuration has faults, 2 when the system refused, 143 after a second
///   signal.
public func run(
    configurationFile: String, environment: [String: String], sessions: (any SessionObserver)? = nil,
    report: @escaping @Sendable (String) -> Void
) -> Int32 {
    Program(
        source: ConfigurationSource(file: configurationFile), environment: environment,
        log: Program.LogOutput(descriptor: 2, isTerminal: false), observers: Observers(sessions: sessions)
    ).run(report: report)
}

/// Why Reprise does not start, or keeps its old configuration; the text is for the operator.
public enum RepriseError: Error, Sendable {
    /// The configuration has faults: one line each, `file:line:column: path: …`.
    case faults([String])
    /// The configuration file cannot be read.
    case unreadable(file: String, reason: String)
    /// The configuration is good, but the system refuses: a port in use, no permission.
    case cannotStart(String)
}

extension RepriseError {
    /// Whether the same call can succeed later, with nothing changed in the files: the system may have room again, or a
    /// port be free. It is always ours: neither a client nor an upstream makes Reprise not start.
    public var isWorthRetrying: Bool { if case .cannotStart = self { true } else { false } }
}

extension RepriseError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .faults(let lines): lines.joined(separator: "\n")
        case .unreadable(let file, let reason): "\(file): cannot be read: \(reason)"
        case .cannotStart(let reason): reason
        }
    }
}
