import Foundation
import RepriseTestSupport
import Testing

@Suite(.waits) struct WordsAreExplained {
    private func explain(_ words: [String]) throws -> ShellResult {
        try Shell.run([RepriseProcess.program.path, "explain"] + words)
    }

    @Test func `a word of the log is explained on standard output`() throws {
        let result = try explain(["alert_sent(handshake_failure)"])
        #expect(result.status == 0 && result.output.hasPrefix("alert_sent (endings)\n"), "\(result)")
    }

    @Test func `an unknown word is an error of the command line with the one that was meant`() throws {
        let result = try explain(["clint_fin"])
        #expect(result.status == 64 && result.output.isEmpty, "\(result)")
        #expect(
            result.errors.hasPrefix("Error: Unknown word \"clint_fin\", did you mean \"client_fin\"?\n"), "\(result)")
    }

    @Test func `without a word all are listed by kind`() throws {
        let result = try explain([])
        #expect(result.status == 0 && result.output.contains("\nEndings:\n  client_close_notify\n"), "\(result)")
        #expect(result.output.contains("\nOptions:\n"), "\(result)")
    }

    @Test(arguments: ["bash", "zsh", "fish"])
    func `shells offer the words`(shell: String) throws {
        let script = try Shell.run([RepriseProcess.program.path, "--generate-completion-script", shell]).output
        #expect(script.contains("timeout_half_closed") && script.contains("listeners.timeouts.idle"))
    }
}
