package import Logging
package import RepriseVocabulary

/// swift-log's way onto a ``LogQueue``: for the control plane, and for packages that log through swift-log.
package struct QueueLogHandler: LogHandler {
    private let queue: LogQueue
    private let label: String
    private let now: @Sendable () -> WallTime
    private var ownLevel: Logger.Level?

    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    /// A handler for the logger of that label, which the line names unless it is `reprise`.
    ///
    /// - Parameters:
    ///   - label: the logger's.
    ///   - queue: where its lines go.
    ///   - metadataProvider: swift-log's, where there is one.
    ///   - now: the wall clock, which belongs to the loop.
    package init(
        label: String, queue: LogQueue, metadataProvider: Logger.MetadataProvider? = nil,
        now: @escaping @Sendable () -> WallTime
    ) {
        self.label = label
        self.queue = queue
        self.metadataProvider = metadataProvider
        self.now = now
    }

    /// The queue's level, which a reload changes for every logger, unless this logger was given its own.
    package var logLevel: Logger.Level {
        get { ownLevel ?? queue.level }
        set { ownLevel = newValue }
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var merged = metadata
        if let provided = metadataProvider?.get() { merged.merge(provided) { _, new in new } }
        if let own = event.metadata { merged.merge(own) { _, new in new } }
        if let error = event.error, merged["error"] == nil { merged["error"] = "\(error)" }
        if label != "reprise", merged["logger"] == nil { merged["logger"] = .string(label) }
        // A dictionary has no order of its own; a line must have one.
        let fields = merged.sorted { $0.key < $1.key }.map { ($0.key, Self.value(of: $0.value)) }
        queue.submit(LogEntry(time: now(), level: event.level, message: event.message.description, fields: fields))
    }

    private static func value(of value: Logger.MetadataValue) -> LogValue {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let thing):
            switch thing {
            case let truth as Bool: .bool(truth)
            case let number as any BinaryInteger: .int(Int64(clamping: number))
            case let number as Double: .double(number)
            case let duration as Duration: .duration(duration)
            default: .string(thing.description)
            }
        case .array, .dictionary: .string(value.description)
        }
    }
}
