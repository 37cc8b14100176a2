import ArgumentParser
import Reprise

/// `reprise probe-router`: what `reprise check` runs in a process of its own for each shared object with a router.
struct ProbeRouter: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: LibraryProbe.word, abstract: "Load a shared object with a router.", shouldDisplay: false)

    @Argument(help: "The shared object.")
    var path: String

    @Argument(help: "What it is told.")
    var argument: String

    func run() throws {
        guard let fault = LibraryProbe.run(path, argument) else { return }
        try Terminal.say(fault)
        throw ExitCode(Program.ExitCode.faults)
    }
}
