import Foundation
package import Testing

/// Tests that take long: `make test-slow` runs them, and `make test` does not.
package enum Slow {
    /// Whether this run is for them. The sanitizers' runs are too: what is rare is what they are for.
    package static let isAsked = Sanitizer.isOn || ProcessInfo.processInfo.environment["REPRISE_SLOW"] != nil
}

extension Trait where Self == ConditionTrait {
    /// Takes more than a few seconds, or all of the machine: `@Test(.slow)`. The Makefile finds the suites by this word.
    package static var slow: Self { .enabled(if: Slow.isAsked, "make test-slow runs it") }
}
