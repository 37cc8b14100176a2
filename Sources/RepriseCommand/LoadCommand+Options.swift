import ArgumentParser
import RepriseLoad

/// What a connection of `reprise load` does.
struct LoadWhat: ParsableArguments {
    @Option(
        help: "full, id, ticket (TLS 1.2), psk (TLS 1.3), or a mix: full:0.3,psk:0.7.",
        transform: Mix<HandshakeKind>.init(parsing:))
    var handshake: Mix<HandshakeKind>?

    @Option(
        help: "The share of connections that resume, in short: by PSK, with --tls 1.2 by ticket.",
        transform: LoadWords.share)
    var resume: Double?

    @Option(
        help: """
            Which session is offered: newest, oldest, single (once), expired, forged, other-name, other-server, or \
            a mix. (default: newest)
            """,
        transform: Mix<SessionChoice>.init(parsing:))
    var session: Mix<SessionChoice>?

    @Option(
        help: "After how long a session counts as expired, in the stead of what its server says.",
        transform: LoadWords.positiveDuration)
    var sessionLifetime: Duration?

    @Option(help: "Server names to ask for: a.test,b.test or site{1..1000}.test.", transform: LoadWords.names)
    var sni: [String]?

    @Option(help: "A file with server names, one in a line.", completion: .file())
    var sniFile: String?

    @Option(
        help: "How clients come by their name: uniform, zipf or zipf:EXPONENT. (default: uniform)",
        transform: NameChoice.init(parsing:))
    var sniMix: NameChoice?

    @Option(help: "The PROXY protocol's header that goes first: v1 or v2.")
    var proxyProtocol: String?

    @Option(help: "Further servers, as host:port; connections go to them in turn.")
    var peer: [String] = []

    @Option(help: "An address to connect from; several are taken in turn.")
    var source: [String] = []

    @Option(help: "Requests on each connection to an https:// target. (default: 1)", transform: LoadWords.countOrNone)
    var requests: Int?

    @Option(help: "A further header field of requests, as 'Name: value'.", transform: LoadWords.field)
    var header: [String] = []

    @Option(help: "Between an answer and the next request.", transform: LoadWords.duration)
    var pause: Duration?

    @Option(help: "Bytes to send to a tls:// target.", transform: LoadWords.bytes)
    var up: Int?

    @Option(help: "Bytes to wait for from a tls:// target.", transform: LoadWords.bytes)
    var down: Int?

    @Option(help: "How long to hold a connection open after all that.", transform: LoadWords.duration)
    var idle: Duration?

    @Option(
        help: "How to end: notify, notify-wait, fin, rst, half, or a mix. (default: notify)",
        transform: Mix<CloseKind>.init(parsing:))
    var close: Mix<CloseKind>?

    @Option(
        help: "How long each part of a connection may take. (default: 5s to connect and to close, 10s for others)",
        transform: LoadWords.positiveDuration)
    var timeout: Duration?
}

/// What it speaks.
struct LoadTLS: ParsableArguments {
    @Option(help: "1.2 or 1.3; both where it is not given.")
    var tls: String?

    @Option(help: "Ciphers of TLS 1.2, in OpenSSL's words.")
    var ciphers: String?

    @Option(help: "Cipher suites of TLS 1.3, in order.")
    var ciphersuites: String?

    @Option(help: "Groups for the key exchange, in order: X25519:P-256.")
    var groups: String?

    @Option(help: "Signature algorithms, in order.")
    var signatureAlgorithms: String?

    @Option(help: "libssl's security level, 0 to 5; 0 for servers of TLS 1.2 with small keys.")
    var securityLevel: Int?

    @Option(help: "Application protocols to offer, in order: h2,http/1.1.")
    var alpn: String?

    @Option(help: "A file of authorities, in the stead of the system's.", completion: .file())
    var ca: String?

    @Flag(help: "Take anybody's certificate.")
    var insecure = false

    @Option(help: "The client's certificate with its chain, in PEM.", completion: .file())
    var cert: String?

    @Option(help: "The key of that certificate, where its file does not hold it.", completion: .file())
    var key: String?
}

/// How hard it is.
struct LoadHard: ParsableArguments {
    @Option(
        help: "Clients, each with one connection at a time. (default: 10, or at most 1000 at a --rate)",
        transform: LoadWords.clients)
    var connections: Int?

    @Option(help: "How many connections begin in a second: 2000/s.", transform: LoadRate.init(parsing:))
    var rate: LoadRate?

    @Option(
        help:
            "A rate that rises or falls: '100..5000/s over 60s', in steps: '… in 10 steps'; several follow each other.",
        transform: LoadRate.init(parsing:))
    var ramp: [LoadRate] = []

    @Option(
        help: "constant, or poisson: by chance, as people come. (default: constant)",
        transform: LoadSchedule.Arrivals.init(parsing:))
    var arrivals: LoadSchedule.Arrivals?

    @Option(
        help: "Look for the highest rate at which this holds: 'p99(ready) < 50ms'.",
        transform: LoadAssertion.init(parsing:))
    var findLimit: LoadAssertion?

    @Option(help: "How long --find-limit stays at each rate. (default: 3s)", transform: LoadWords.positiveDuration)
    var step: Duration?

    @Option(help: "When the run ends. (default: 10s; 3m for --find-limit)", transform: LoadWords.positiveDuration)
    var duration: Duration?

    @Option(help: "After how many connections it ends. (default: 1000000)", transform: LoadWords.count)
    var count: Int?

    @Option(help: "Threads, each with a loop of its own. (default: 1)", transform: LoadWords.threads)
    var threads: Int?

    @Option(help: "What chance depends on: the same seed, the same run.")
    var seed: UInt64 = 1

    @Option(
        help: "A command to run beside, and when: '5s:systemctl reload nginx'.",
        transform: LoadScript.Event.init(parsing:))
    var at: [LoadScript.Event] = []
}

/// What comes of it.
struct LoadOutput: ParsableArguments {
    @Flag(help: "Write the report to standard output, as JSON.")
    var json = false

    @Option(
        help: "What must be so, or the exit code is 3: 'p99(handshake.full) < 20ms', 'resumed > 0.95'.",
        transform: LoadAssertion.init(parsing:))
    var assert: [LoadAssertion] = []

    @Option(help: "Where the server's own counters are, to set beside ours: http://host:port/metrics.")
    var serverMetrics: String?

    @Option(help: "A file for the seconds of the run, as CSV.", completion: .file())
    var csv: String?

    @Option(help: "A file for the report as a page, with plots.", completion: .file())
    var html: String?

    @Option(
        help: "What is shown while it runs: full, lines or none. (default: full on a terminal, lines elsewhere)",
        transform: LoadView.init(parsing:))
    var view: LoadView?
}

/// What it does in the stead of a run, or with one that is written down.
struct LoadModes: ParsableArguments {
    @Option(
        help: "Options by name: \(Scenario.all.map(\.name).joined(separator: ", ")), or a YAML file; others go before.")
    var scenario: String?

    @Flag(help: "Show two reports side by side: --compare a.json b.json.")
    var compare = false

    @Flag(help: "Join the reports of several generators that ran at once: --merge a.json b.json …")
    var merge = false
}

extension LoadView {
    /// Reads its name.
    init(parsing text: String) throws {
        guard let view = LoadView(rawValue: text) else {
            throw ValidationError("expected one of \(LoadView.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self = view
    }
}
