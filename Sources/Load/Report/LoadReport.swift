internal import FoundationEssentials
internal import RepriseEventLoop

/// A run as `--json` writes it: all that the other forms of a report, a comparison and a merge are made from.
///
/// Keys are in snake case; times are whole microseconds unless their name says otherwise.
package struct LoadReport: Codable, Sendable, Hashable {
    /// Changes when an older reader would misread it.
    package static let format = 1

    package var format = LoadReport.format
    /// The version of Reprise that made it.
    package var reprise = ""
    /// The command line, words apart; a passphrase is never part of one.
    package var command: [String] = []
    package var target = ""
    /// What was run, by option or other name, as far as it is not what is run where nothing is said.
    package var settings: [String: String] = [:]
    /// When the run began, by RFC 3339.
    package var began = ""
    package var seed: UInt64 = 0
    package var ended = Ended.byTime
    package var environment = Environment()
    package var summary = Summary()
    /// What was measured, by ``Measure``'s words; none that was never measured.
    package var times: [String: Times] = [:]
    /// One after the other, from the run's first second on.
    package var seconds: [Second] = []
    package var generator = Generator()
    /// The server's own counts, where it was asked for them.
    package var server: [ServerCount]?
    package var assertions: [Verdict] = []
    /// What was done to the server during the run.
    package var events: [Event] = []
    /// What a search for the limit has found.
    package var limit: Limit?

    package init() {}

    /// What has ended a run.
    package enum Ended: String, Codable, Sendable, Hashable {
        case byTime = "time"
        /// As many connections as were asked for were made.
        case byCount = "count"
        /// Somebody pressed Ctrl-C.
        case byInterrupt = "interrupt"
        /// A search has found what it looked for.
        case bySearch = "search"
    }

    /// What the generator ran on.
    package struct Environment: Codable, Sendable, Hashable {
        package var host = ""
        package var system = ""
        package var processor = ""
        package var cores = 0
        package var libssl = ""

        package init() {}
    }

    /// The run in numbers.
    package struct Summary: Codable, Sendable, Hashable {
        package var elapsedSeconds = 0.0
        package var started = 0
        package var done = 0
        package var failed = 0
        /// By ``LoadFailure``'s words.
        package var failures: [String: Int] = [:]
        package var late = 0
        package var skipped = 0
        package var unfinished = 0
        /// By ``HandshakeKind``'s words.
        package var handshakes: [String: Int] = [:]
        package var resumption = Resumption()
        package var requests = 0
        /// Answers to requests by the class of their status, as in `2xx`.
        package var answers: [String: Int] = [:]
        package var bytesUp: UInt64 = 0
        package var bytesDown: UInt64 = 0

        package init() {}

        /// Connections that were done in a second.
        package var rate: Double { elapsedSeconds > 0 ? Double(done) / elapsedSeconds : 0 }
    }

    /// What became of sessions.
    package struct Resumption: Codable, Sendable, Hashable {
        package var offered = 0
        package var accepted = 0
        package var refused = 0
        package var withoutSession = 0
        package var sessionsReceived = 0
        package var by: [Offer] = []

        package init() {}
    }

    /// The offers of sessions that have all this in common.
    package struct Offer: Codable, Sendable, Hashable {
        /// ``OfferedKind``'s word.
        package var kind = ""
        /// How the connection had ended that the session came from: ``CloseKind``'s word.
        package var close = ""
        /// Which session it was: ``SessionChoice``'s word.
        package var choice = ""
        package var offered = 0
        package var accepted = 0
        package var refused = 0

        package init() {}
    }

    /// How long something took.
    package struct Times: Codable, Sendable, Hashable {
        package var count = 0
        package var mean = 0.0
        package var max: UInt64 = 0
        /// By percent, as in `99.9`.
        package var percentiles: [String: UInt64] = [:]
        /// Pairs of a time and how often it came, the shortest first.
        package var histogram: [[UInt64]] = []

        package init() {}
    }

    /// What came to an end in one second of the run.
    package struct Second: Codable, Sendable, Hashable {
        /// Its end, in seconds after the run's beginning.
        package var at = 0.0
        package var started = 0
        package var done = 0
        package var failed = 0
        package var late = 0
        package var skipped = 0
        package var full = 0
        package var resumed = 0
        package var requests = 0
        package var bytesUp: UInt64 = 0
        package var bytesDown: UInt64 = 0
        /// Connections under way at its end.
        package var open = 0
        /// The share of this second that the generator's busiest thread was on a CPU.
        package var busy = 0.0
        /// From the scheduled start to the handshake's end.
        package var ready: Spread?
        package var fullHandshake: Spread?
        package var resumedHandshake: Spread?
        package var request: Spread?

        package init() {}
    }

    /// A second's times, without the histogram.
    package struct Spread: Codable, Sendable, Hashable {
        package var p50: UInt64
        package var p90: UInt64
        package var p99: UInt64
        package var max: UInt64

        package init(p50: UInt64, p90: UInt64, p99: UInt64, max: UInt64) {
            (self.p50, self.p90, self.p99, self.max) = (p50, p90, p99, max)
        }
    }

    /// What limited the generator.
    package struct Generator: Codable, Sendable, Hashable {
        package var threads = 0
        /// The share of the run that each thread was on a CPU.
        package var busy: [Double] = []
        /// The addresses that connections came from, beyond the system's choice.
        package var sources: [String] = []
        package var residentBytes = 0
        /// Sentences for people: why the figures may be the generator's rather than the server's. Empty where they are not.
        package var limits: [String] = []

        package init() {}
    }

    /// One of the server's counters, before and after the run.
    package struct ServerCount: Codable, Sendable, Hashable {
        /// With its labels, as the server writes it.
        package var name: String
        package var before: Double
        package var after: Double

        package init(name: String, before: Double, after: Double) {
            (self.name, self.before, self.after) = (name, before, after)
        }
    }

    /// A command that was run during the run.
    package struct Event: Codable, Sendable, Hashable {
        /// When it began, in seconds after the run's beginning.
        package var at: Double
        package var command: String
        /// Its exit code; none where it had not ended before the run.
        package var status: Int?

        package init(at: Double, command: String, status: Int?) {
            (self.at, self.command, self.status) = (at, command, status)
        }
    }

    /// What came of an assertion.
    package struct Verdict: Codable, Sendable, Hashable {
        package var assertion: String
        /// In seconds for a time; none where nothing was measured, which holds for nothing.
        package var found: Double?
        package var holds: Bool

        package init(assertion: String, found: Double?, holds: Bool) {
            (self.assertion, self.found, self.holds) = (assertion, found, holds)
        }

        /// The assertion, and what was found in its stead.
        package var text: String {
            guard let found = LoadAssertion.text(of: found, for: assertion) else {
                return "\(assertion): nothing of it was measured"
            }
            return "\(assertion): it was \(found)"
        }
    }

    /// The highest rate at which a search's condition held.
    package struct Limit: Codable, Sendable, Hashable {
        package var condition = ""
        /// Connections in a second; 0 where it never held.
        package var rate = 0.0
        package var steps: [Step] = []

        package init() {}

        /// One rate that was tried.
        package struct Step: Codable, Sendable, Hashable {
            package var rate: Double
            /// What was reached.
            package var done: Double
            /// What the condition looks at.
            package var found: Double?
            package var holds: Bool

            package init(rate: Double, done: Double, found: Double?, holds: Bool) {
                (self.rate, self.done, self.found, self.holds) = (rate, done, found, holds)
            }
        }
    }
}

extension LoadReport {
    /// A file that is no report.
    package struct ReadingError: Error, Sendable, CustomStringConvertible {
        package let description: String
    }

    /// One line of JSON, always with the same order of keys.
    package func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + Array("\n".utf8)
    }

    /// Reads a file that holds one.
    package init(ofFile path: String) throws(LoadFault) {
        do {
            self = try LoadReport(json: try FileReader.read(path))
        } catch {
            throw LoadFault(.system, "\(path): \(error)")
        }
    }

    /// Reads what ``json()`` wrote.
    package init(json bytes: [UInt8]) throws(ReadingError) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        do {
            self = try decoder.decode(LoadReport.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw ReadingError(description: "no report of `reprise load --json`: \(error.place)")
        } catch {
            throw ReadingError(description: "no report of `reprise load --json`: no JSON")
        }
        guard format == Self.format else {
            throw ReadingError(description: "a report of format \(format); this Reprise reads format \(Self.format)")
        }
    }
}

extension DecodingError {
    /// Where a file is no report, in words for people.
    fileprivate var place: String {
        func path(_ context: Context, _ last: String? = nil) -> String {
            let path = (context.codingPath.map(\.stringValue) + (last.map { [$0] } ?? [])).joined(separator: ".")
            return path.isEmpty ? "its whole" : path
        }
        switch self {
        case .keyNotFound(let key, let context): return "\(path(context, key.stringValue)) is missing"
        case .dataCorrupted(let context) where context.codingPath.isEmpty: return "it is no JSON"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            return "\(path(context)) is not what it should be"
        @unknown default: return "something is not what it should be"
        }
    }
}
