import ArgumentParser
import Reprise

/// `reprise explain WORD`
struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what a word of the log, of the metrics or of the configuration means, and what to do about it.",
        discussion: """
            Without a word it lists all by kind. A word may be as the log prints it: alert_sent(handshake_failure). An option \
            is its path, such as listeners.timeouts.idle, or the end of it. Exit code 64 for an unknown word.
            """)

    @Argument(
        help: "An ending, a cause, a reason, a limit or another word of the log, or an option.",
        completion: .list(Explanation.words))
    var word: String?

    func run() throws {
        guard let word else { return try Terminal.say(Explanation.list) }
        guard let text = Explanation.of(word) else {
            throw ValidationError("Unknown word \"\(word)\"\(Explanation.hint(for: word))")
        }
        try Terminal.say(text)
    }
}
