import ArgumentParser
import Reprise

/// `reprise`: TLS termination that remembers.
struct RepriseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reprise",
        abstract: "TLS termination with session resumption.",
        discussion: """
            Exit codes: 0 all went well; 1 the configuration has faults; 2 the system refused (a port in use, no \
            permission, no room for the output); 3 an assertion of a load test failed; 64 the command line is wrong; 143 a second signal ended the server at once.
            """,
        version: Versions.lines.joined(separator: "\n"),
        subcommands: [
            Serve.self, Check.self, Explain.self, Schema.self, DemoCommand.self, LoadCommand.self, Health.self,
            Version.self, ProbeRouter.self,
        ])

    /// Rejects a command that there is not, and a request for help on one: the parser would call it an argument, or
    /// complain of what stands behind it.
    ///
    /// - Throws: what is wrong with the command line.
    static func checkCommand(_ arguments: [String]) throws {
        let asked = arguments.first == "help" ? arguments.dropFirst().first : arguments.first
        guard let asked, !asked.hasPrefix("-") else { return }
        let commands = configuration.subcommands.map { command in
            let settings = command.configuration
            return (name: settings.commandName ?? command._commandName, isShown: settings.shouldDisplay)
        }
        guard asked != "help", !commands.contains(where: { $0.name == asked }) else { return }
        let shown = commands.filter { $0.isShown }.map { $0.name } + ["help"]
        throw ValidationError("Unknown command \"\(asked)\"\(CommandWord.hint(for: asked, among: shown))")
    }

    func run() throws {
        // Help without a request must not look like success.
        Terminal.complain("reprise: which command? One of these is needed.\n\n\(Self.helpMessage())")
        throw ExitCode.validationFailure
    }
}

/// A command that runs until a signal ends it, and takes signals over by itself.
protocol Serving: ParsableCommand {}
