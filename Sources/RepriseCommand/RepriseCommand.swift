import ArgumentParser
import Reprise

/// `reprise`: TLS termination that remembers.
struct RepriseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reprise",
        abstract: "TLS termination with session resumption.",
        discussion: """
            Exit codes: 0 all went well; 1 the configuration has faults; 2 the system refused (a port in use, no \
            permission, no room for the output); 64 the command line is wrong; 143 a second signal ended the server at once.
            """,
        version: Versions.lines.joined(separator: "\n"),
        subcommands: [
            Serve.self, Check.self, Schema.self, DemoCommand.self, Health.self, Version.self, ProbeRouter.self,
        ])

    /// Rejects a request for help on an unknown command.
    ///
    /// - Throws: what is wrong with the command line.
    static func checkHelp(_ arguments: [String]) throws {
        guard arguments.first == "help", let asked = arguments.dropFirst().first, !asked.hasPrefix("-") else { return }
        let known = configuration.subcommands.compactMap { $0.configuration.commandName ?? $0._commandName }
        guard known.contains(asked) else { throw ValidationError("Unexpected argument '\(asked)'") }
    }

    func run() throws {
        // Help without a request must not look like success.
        Terminal.complain("reprise: which command? One of these is needed.\n\n\(Self.helpMessage())")
        throw ExitCode.validationFailure
    }
}

/// A command that runs until a signal ends it, and takes signals over by itself.
protocol Serving: ParsableCommand {}
