import ArgumentParser
import Reprise

/// `reprise serve -c FILE`
struct Serve: Serving {
    static let configuration = CommandConfiguration(
        abstract: "Serve what a configuration file says.",
        discussion: """
            SIGTERM and SIGINT drain: no new connections, open ones may finish until drain_timeout; a second one ends \
            at once. SIGHUP reads the file again; a file with faults changes nothing. SIGUSR1 opens the log's \
            file anew.
            """)

    @Option(name: [.customShort("c"), .customLong("config")], help: "The configuration file.")
    var file: ConfigurationPath

    func run() throws {
        let program = Program(
            source: ConfigurationSource(file: file.text), environment: Terminal.environment, log: Terminal.log)
        program.runToExit(report: Terminal.complain)
    }
}
