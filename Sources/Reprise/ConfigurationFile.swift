internal import RepriseConfiguration
internal import RepriseEventLoop

/// The configuration file's own description.
package enum ConfigurationFile {
    /// Its JSON Schema (draft 2020-12).
    package static var schema: String { String(ConfigurationSchema.json.dropLast()) }
}

extension CheckedConfiguration {
    /// Reads and checks everything by the clock of now.
    package init(_ source: ConfigurationSource, environment: [String: String]) throws(RepriseError) {
        try self.init(source, environment: environment, at: Clocks.wall())
    }
}
