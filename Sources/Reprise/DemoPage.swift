internal import RepriseResumption
internal import RepriseRouting
internal import RepriseVocabulary

/// The small page that the demo's upstream answers with: what we know of the TLS connection of a request.
struct DemoPage {
    private let rows: [(name: String, value: String)]

    /// The page for a request that did not come through the proxy.
    init() {
        rows = [("connection", "not one of the proxy's")]
    }

    /// The page about that connection.
    init(_ connection: borrowing ConnectionView) {
        let details = connection.withSession { $0.details }
        rows = [
            ("client", connection.client.description),
            ("protocol", connection.protocolVersion?.description ?? "-"),
            ("cipher", details?.cipher ?? "-"),
            ("group", details?.group ?? "-"),
            ("server name", connection.serverName ?? "none sent"),
            ("ALPN", connection.applicationProtocol ?? "none"),
            ("resumed", connection.resumedBy.word),
            ("connection", connection.id.description),
        ]
    }

    /// The page as lines of text, for clients like curl.
    var text: String {
        let width = rows.map(\.name.count).max() ?? 0
        let lines = rows.map { "  " + $0.name + String(repeating: " ", count: width + 2 - $0.name.count) + $0.value }
        return "Hello from Reprise's built-in upstream. You came over this TLS connection:\n\n"
            + lines.joined(separator: "\n") + "\n\nAsk again with the same session and see \"resumed\" change.\n"
    }

    /// The page for browsers: one self-contained document.
    var html: String {
        let cells = rows.map { "<tr><th>\(escape($0.name))</th><td>\(escape($0.value))</td></tr>" }.joined(
            separator: "\n")
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Reprise</title>
            <style>
            body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }
            table { border-collapse: collapse; width: 100%; }
            th, td { text-align: left; padding: .4rem .8rem .4rem 0; border-bottom: 1px solid #8884; }
            th { width: 9rem; font-weight: 600; }
            td { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
            @media (prefers-color-scheme: dark) { body { background: #111; color: #eee; } }
            </style>
            </head>
            <body>
            <h1>Reprise</h1>
            <p>The built-in upstream answers. You came over this TLS connection:</p>
            <table>
            \(cells)
            </table>
            <p>Reload the page: a browser that comes back resumes its session.</p>
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
