import ArgumentParser
import Reprise

/// `reprise version`
struct Version: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Print the versions of Reprise and of what it runs on.")

    func run() throws {
        for line in Versions.lines { try Terminal.say(line) }
    }
}
