/// What is done beside a run, and what it must reach.
package struct LoadScript: Sendable {
    /// A command of the user's, at its time after the run's beginning.
    package struct Event: Sendable, Hashable {
        package let at: Duration
        package let command: String

        /// Reads `5s:COMMAND`.
        package init(parsing text: String) throws(ParseFault) {
            var scanner = Scanner(text)
            at = try scanner.duration("when, as in 5s:COMMAND")
            try scanner.expect(":", "\":\" and a command")
            scanner.skipSpaces()
            let command = scanner.take { _ in true }
            guard !command.isEmpty else { throw scanner.fault("expected a command") }
            self.command = command
        }
    }

    package var events: [Event] = []
    package var assertions: [LoadAssertion] = []
    /// What must hold at a rate for it to be below the limit; `nil` where the limit is not looked for. The pace is an open
    /// loop then, which begins with its rate.
    package var search: LoadAssertion?
    /// How long each rate is measured that a search tries.
    package var step = Duration.seconds(3)

    package init() {}
}
