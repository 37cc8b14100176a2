import ArgumentParser
import Reprise

/// `reprise health`
struct Health: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Ask a running Reprise whether it serves (for containers: it needs no other program).",
        discussion: "Exit code 0 when it serves, 1 when it drains or does not answer.")

    @Option(help: "The address and port of its administrative endpoint.")
    var admin = "127.0.0.1:9443"

    func run() throws {
        let answer = HealthProbe.ask(admin)
        try Terminal.say(answer.text)
        guard answer.isHealthy else { throw ExitCode(1) }
    }
}
