extension LoadReport {
    /// One page of HTML that needs nothing from outside, not even a script: `reprise load --html`.
    ///
    /// It follows the reader's choice of light or dark. What a report holds is text on it, whatever it contains.
    package func page() -> String {
        let name = target.isEmpty ? "a run without a target" : target
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <title>Load report: \(Markup.escaped(name))</title>
            <style>\(PageStyle.sheet)</style>
            </head>
            <body>
            <main>
            \(pageHeader(name))\(pageBanner())\(pageTiles())\(pageTables([assertionsSection]))
            \(pagePart("Latency", latencyPlots(), [timesSection(isWide: true)], none: "No handshake was finished."))
            \(pagePart("Over time", timePlots(), [eventsSection], none: "The run was over within its first second."))
            \(pagePart("Counts", [], [
                connectionsSection, failuresSection, handshakesSection, resumptionSection, trafficSection,
            ]))
            \(pageTables([offersSection, limitSection, serverSection]))
            \(pagePart("How it was measured", [], [runSection, generatorSection]))
            </main>
            </body>
            </html>

            """
    }

    private func pageHeader(_ name: String) -> String {
        let facts = [
            began.isEmpty ? nil : began, ReportUnits.seconds(summary.elapsedSeconds), "seed \(seed)",
            environment.host.isEmpty ? nil : "from \(environment.host)",
        ]
        let command = command.isEmpty ? "" : "<pre class=\"command\"><code>\(Markup.escaped(shellCommand))</code></pre>"
        return """
            <header><p class="kind">Load report</p><h1>\(Markup.escaped(name))</h1>
            <p class="note">\(Markup.escaped(facts.compactMap { $0 }.joined(separator: " · ")))</p>\(command)</header>

            """
    }

    private func pageBanner() -> String {
        guard !generator.limits.isEmpty else { return "" }
        let sentences = generator.limits.map { "<li>\(Markup.escaped($0))</li>" }.joined()
        return """
            <aside class="banner" role="note"><h2>\(Self.limitsTitle)</h2><ul>\(sentences)</ul></aside>

            """
    }

    private func pageTiles() -> String {
        func tile(_ name: String, _ value: String, _ words: String, isBad: Bool = false) -> String {
            """
            <div class="tile\(isBad ? " bad" : "")"><dt>\(name)</dt><dd>\(Markup.escaped(value))</dd>\
            <dd class="note">\(Markup.escaped(words))</dd></div>

            """
        }
        let ready = times[Measure.ready.rawValue]
        let found = summary.resumption
        let readyWords = ready.map {
            "p50 \(ReportUnits.time($0.percentiles["50"])), max \(ReportUnits.time($0.max))"
        }
        return "<dl class=\"tiles\">"
            + tile(
                "Rate", ReportUnits.rate(summary.rate),
                "\(ReportUnits.count(summary.done)) connections in \(ReportUnits.seconds(summary.elapsedSeconds))")
            + tile("Ready, p99", ReportUnits.time(ready?.percentiles["99"]), readyWords ?? "no handshake was finished")
            + tile(
                "Resumed", ReportUnits.share(found.accepted, of: found.offered),
                found.offered > 0
                    ? "\(ReportUnits.count(found.accepted)) of \(ReportUnits.count(found.offered)) sessions offered"
                    : "no session was offered")
            + tile(
                "Errors", ReportUnits.share(summary.failed, of: summary.started),
                "\(ReportUnits.count(summary.failed)) of \(ReportUnits.count(summary.started)) connections",
                isBad: summary.failed > 0)
            + "</dl>\n"
    }

    private func pagePart(_ title: String, _ plots: [Plot], _ tables: [ReportSection?], none: String? = nil) -> String {
        let tables = tables.compactMap { $0 }
        let figures = plots.map { $0.figure() }.joined()
        let words =
            plots.isEmpty ? none.map { "<p class=\"note\">\($0)</p>" } ?? "" : "<div class=\"grid\">\(figures)</div>"
        let facts = tables.map(Markup.table).joined()
        let body = plots.isEmpty && tables.count > 1 ? "<div class=\"grid facts\">\(facts)</div>" : facts
        return "<h2>\(title)</h2>\n\(words)\n\(body)"
    }

    private func pageTables(_ tables: [ReportSection?]) -> String {
        tables.compactMap { $0 }.map(Markup.table).joined()
    }
}
