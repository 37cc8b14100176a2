internal import RepriseResumption
internal import RepriseRouting
internal import RepriseVocabulary

/// The small page that the demo's upstream answers with: whether the visitor has resumed, how long that took and, if not, why
/// not; and what we know of the TLS connection of a request.
struct DemoPage {
    /// What the visitor came for: `resumed (psk)`.
    private let title: String
    /// How long the handshake took.
    private let took: String
    /// What it means, in a sentence or two.
    private let meaning: String
    private let isResumed: Bool
    private let rows: [(name: String, value: String)]
    /// Where the metrics are; `nil` without an administrative endpoint.
    private let metrics: String?

    /// The page for a request that did not come through the proxy.
    init() {
        (title, took, isResumed, metrics) = ("no TLS connection", "", false, nil)
        meaning = "This request has not come through the proxy."
        rows = []
    }

    /// The page about that connection.
    ///
    /// - Parameters:
    ///   - full: how long the full handshake took that its lineage began with, where that is known.
    ///   - metrics: where the metrics are.
    init(_ connection: borrowing ConnectionView, full: Duration?, metrics: String?) {
        self.metrics = metrics
        let details = connection.withSession { $0.details }
        let (means, outcome, duration) = (connection.resumedBy, connection.outcome, connection.handshakeDuration)
        isResumed = means != .no
        took = duration.map(Self.milliseconds) ?? ""
        title = isResumed ? "resumed (\(means.word))" : "full handshake"
        switch outcome.result {
        case .resumed:
            meaning =
                "\(means.meaning)"
                + (full.map { " The full handshake that it began with took \(Self.milliseconds($0))." } ?? "")
        case .notOffered:
            meaning = "Your client offered no session. Come again, and it can resume the one that it has now."
        case .refused(let reason):
            meaning = "Your client offered a session, and it was not resumed: \(reason.word). \(reason.meaning)"
        }
        rows = [
            ("lineage", connection.lineage.map { "\($0.id)" } ?? "-"),
            ("renewals", connection.lineage.map { "\($0.renewals)" } ?? "-"),
            ("client", connection.client.description),
            ("protocol", connection.protocolVersion?.description ?? "-"),
            ("cipher", details?.cipher ?? "-"),
            ("group", details?.group ?? "-"),
            ("sni", connection.serverName ?? "-"),
            ("alpn", connection.applicationProtocol ?? "-"),
            ("connection", connection.id.description),
        ]
    }

    /// With two digits, as a handshake's length needs them.
    private static func milliseconds(_ duration: Duration) -> String {
        let hundredths = (duration.wholeNanoseconds + 5_000) / 10_000
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) ms"
    }

    private var heading: String { took.isEmpty ? title : "\(title), \(took)" }

    /// The page as lines of text, for clients like curl.
    var text: String {
        let width = rows.map(\.name.count).max() ?? 0
        let lines = rows.map { "  " + $0.name + String(repeating: " ", count: width + 2 - $0.name.count) + $0.value }
        return ([heading, meaning, ""] + lines).joined(separator: "\n") + "\n"
    }

    /// The page for browsers: one self-contained document.
    var html: String {
        let cells = rows.map { "<tr><th scope=\"row\">\(escape($0.name))</th><td>\(escape($0.value))</td></tr>" }
        let link = metrics.map { "<a href=\"http://\(escape($0))/metrics\">The metrics</a> count it, too." } ?? ""
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(escape(heading)) · Reprise</title>
            <style>
            :root { color-scheme: light dark; }
            body { font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem;
              background: #fff; color: #1b1f24; }
            h1 { font-size: clamp(1.9rem, 8vw, 3.2rem); line-height: 1.15; margin: 0 0 .5rem; overflow-wrap: anywhere; }
            h1 span { display: block; color: #57606a; }
            h1.resumed { color: #116329; }
            table { border-collapse: collapse; width: 100%; margin: 1.5rem 0; }
            th, td { text-align: left; vertical-align: top; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8884; }
            th { width: 7rem; font-weight: 600; }
            td { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
            a { color: #0550ae; }
            @media (prefers-color-scheme: dark) {
              body { background: #0d1117; color: #e6edf3; }
              h1 span { color: #9198a1; }
              h1.resumed { color: #56d364; }
              a { color: #79c0ff; }
            }
            </style>
            </head>
            <body>
            <h1\(isResumed ? " class=\"resumed\"" : "")>\(escape(title))<span>\(escape(took))</span></h1>
            <p>\(escape(meaning))</p>
            <table>
            \(cells.joined(separator: "\n"))
            </table>
            <p>Each answer ends its connection: reload the page, and your browser comes back with its session. \(link)</p>
            </body>
            </html>

            """
    }

    private func escape(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
