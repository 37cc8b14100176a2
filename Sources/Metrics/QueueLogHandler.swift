package import Logging
package import Vocabulary

/// swift-log's way onto the queue, for libraries and embedders that log through it.
package struct QueueLogHandler: LogHandler {
    private let queue: LogQueue
    private let label: String
    private let now: @Sendable () -> WallTime
    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level {
        get { queue.level }
        set { queue.level = newValue }
    }

    package init(label: String, queue: LogQueue, now: @escaping @Sendable () -> WallTime) {
        self.label = label
        self.queue = queue
        self.now = now
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let merged = metadata.merging(event.metadata ?? [:]) { $1 }
        let fields = merged.sorted { $0.key < $1.key }.map { ($0.key, LogValue.string("\($0.value)")) }
        queue.submit(
            LogEntry(
                time: now(), level: event.level, message: event.message.description,
                fields: [("label", .string(label))] + fields))
    }
}
