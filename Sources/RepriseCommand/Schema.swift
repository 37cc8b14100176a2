import ArgumentParser
import Reprise

/// `reprise schema`
struct Schema: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the JSON Schema of the configuration file, for editors.")

    func run() throws {
        try Terminal.say(ConfigurationFile.schema)
    }
}
