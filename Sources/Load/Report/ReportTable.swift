extension LoadReport {
    /// The final table for people at a terminal: plain text, no line longer than `width`, which is taken as 40 at least
    /// and 200 at most.
    ///
    /// Parts with nothing in them are left out. What limited the generator stands last, where the reader's eye is.
    package func table(width: Int) -> String {
        let width = min(max(40, width), 200)
        let isWide = width >= 100
        var blocks: [[String]] = []
        func add(_ sections: ReportSection?...) {
            for section in sections.compactMap({ $0 }) { blocks.append(section.text(width: width)) }
        }
        add(runSection)
        blocks += Self.packed(
            [
                connectionsSection, failuresSection, handshakesSection, resumptionSection, trafficSection,
                generatorSection,
            ]
            .compactMap { $0 }, width: width)
        add(offersSection, timesSection(isWide: isWide), serverSection, limitSection, eventsSection, assertionsSection)
        if !generator.limits.isEmpty {
            let rule = String(repeating: "━", count: width)
            let lines = generator.limits.flatMap { limit in
                TextLayout.wrapped(TextLayout.clean(limit), to: width - 4).enumerated().map {
                    ($0 == 0 ? "  ! " : "    ") + $1
                }
            }
            let title = TextLayout.wrapped(Self.limitsTitle, to: width)
            blocks.append([rule] + title + lines + [rule])
        }
        return blocks.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }

    /// What the sentences of ``Generator/limits`` stand under.
    static let limitsTitle = "CAUTION: these figures may be the generator's rather than the server's"

    /// Sections side by side, as many as there is room for.
    private static func packed(_ sections: [ReportSection], width: Int) -> [[String]] {
        var blocks: [[String]] = []
        var row: [String] = []
        for section in sections {
            let block = section.text(width: width)
            let used = row.map(\.count).max() ?? 0
            if !row.isEmpty, used + 4 + (block.map(\.count).max() ?? 0) <= width {
                row = TextLayout.beside(row, block, at: used + 4)
            } else {
                if !row.isEmpty { blocks.append(row) }
                row = block
            }
        }
        return row.isEmpty ? blocks : blocks + [row]
    }
}
