import ArgumentParser
import Reprise

/// `reprise check -c FILE`
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check a configuration file and the files it names, without serving.",
        discussion: """
            Every fault is one line on standard error: file:line:column: option: what was expected, what was found. \
            Exit code 0 when it can be served, 1 when it cannot, 2 when the system is what forbids it. Warnings do not count as faults.
            """)

    @Option(name: [.customShort("c"), .customLong("config")], help: "The configuration file.")
    var file: ConfigurationPath

    func run() throws {
        do {
            let checked = try CheckedConfiguration(
                ConfigurationSource(file: file.text), environment: Terminal.environment,
                libraries: .elsewhere { LibraryProbe.fault(of: $0, $1) })
            for warning in checked.warnings { Terminal.complain("warning: \(warning)") }
            for fault in checked.faults { Terminal.complain(fault) }
            guard checked.faults.isEmpty else { throw ExitCode(Program.ExitCode.faults) }
            try Terminal.say("\(file.text): good")
        } catch let error as RepriseError {
            Terminal.complain("\(error)")
            throw ExitCode(error.exitCode)
        }
    }
}

/// A path of the command line; an empty one is a variable that a script forgot to set, and no file.
struct ConfigurationPath: ExpressibleByArgument {
    let text: String

    /// Shells offer files.
    static var defaultCompletionKind: CompletionKind { .file() }

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        text = argument
    }
}
