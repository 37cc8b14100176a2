import ArgumentParser
import Reprise

/// `reprise probe-router`: what `reprise check` runs in a process of its own for each shared object with a router.
struct ProbeRouter: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: LibraryProbe.word, abstract: "Load a shared object with a router.", shouldDisplay: false)

    func run() throws {
        LibraryProbe.answer(in: Terminal.environment)
    }
}
