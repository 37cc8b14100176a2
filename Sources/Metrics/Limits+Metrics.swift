package import RepriseVocabulary

extension Limits {
    /// How many series one process exposes.
    ///
    /// Names come from configuration files, so only very many reloads with ever new names reach it; further series are
    /// counted, but not exposed.
    package static let metricSeries = 65_536
    /// How many log lines wait for the writer before lines are dropped.
    package static let logQueueEntries = 8192
    /// How many bytes of one value, or of a message, a log line shows.
    package static let logValueBytes = 2048
    /// How many bytes are written to the log's descriptor at once: what a pipe takes without blocking (PIPE_BUF,
    /// pipe(7)).
    package static let logWriteBytes = 4096
    /// How long a log writer that is stopped waits for a descriptor that takes nothing.
    package static let logStopWait: Duration = .seconds(1)
    /// How long the end of the process waits for its last log lines.
    package static let logFlushWait: Duration = .seconds(2)
}
