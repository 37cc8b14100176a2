internal import RepriseProxy
public import RepriseResumption

extension Server {
    /// Runs a Reprise with a configuration file on the calling thread, until SIGTERM or SIGINT has drained it: for a
    /// program that is nothing beside it, as the `reprise` command is.
    ///
    /// It takes SIGTERM, SIGINT, SIGHUP and SIGUSR1 over, ignores SIGPIPE, raises the limit of descriptors to its hard one, forbids
    /// core dumps, and logs to standard error.
    /// - Parameters:
    ///   - configurationFile: the path of the YAML file; paths in it are relative to its folder.
    ///   - sessions: gets every session that a client is given, for example an `EstablishedSessions`.
    ///   - environment: the variables for `${NAME}` in the file, `NOTIFY_SOCKET` and `LISTEN_FDS`.
    ///   - report: gets the reasons why it did not start, one line at a time.
    /// - Returns: 0 after draining, 1 when the configuration has faults, 2 when the system refused, 143 after a second
    ///   signal.
    public static func serveUntilSignal(
        configurationFile: String, environment: [String: String], sessions: (any SessionObserver)? = nil,
        report: @escaping @Sendable (String) -> Void
    ) -> Int32 {
        Program(
            source: ConfigurationSource(file: configurationFile), environment: environment,
            log: Program.LogOutput(descriptor: 2, isTerminal: false), observers: Observers(sessions: sessions)
        ).run(report: report)
    }
}
