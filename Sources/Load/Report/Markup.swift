/// Text as HTML and SVG have it.
enum Markup {
    /// A text that says nothing to a browser, in an element or in a quoted attribute.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in TextLayout.clean(text).unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A coordinate: a tenth of a unit is finer than what is seen.
    static func coordinate(_ value: Double) -> String {
        guard value.isFinite else { return "0" }
        let tenths = Int((min(max(value, -1e6), 1e6) * 10).rounded())
        let (whole, part) = (tenths.magnitude / 10, tenths.magnitude % 10)
        return (tenths < 0 ? "-" : "") + (part == 0 ? "\(whole)" : "\(whole).\(part)")
    }

    /// A section of the report as a table with its title.
    static func table(_ section: ReportSection) -> String {
        func row(_ cells: [String], _ element: String) -> String {
            let cells = cells.enumerated().map { column, cell in
                let isHeader = element == "th" || section.header.isEmpty && column == 0
                let scope = isHeader ? " scope=\"\(element == "th" ? "col" : "row")\"" : ""
                let classes = [
                    section.words.contains(column) ? nil : "n", cell.count > 24 ? "w" : nil,
                    column > 0 && column == section.flexible ? "f" : nil,
                ].compactMap { $0 }
                let look = classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
                let name = isHeader ? "th" : "td"
                return "<\(name)\(scope)\(look)>\(mark(cell))</\(name)>"
            }
            return "<tr>\(cells.joined())</tr>"
        }
        let head = section.header.isEmpty ? "" : "<thead>\(row(section.header, "th"))</thead>"
        let body = section.rows.map { row($0, "td") }.joined(separator: "\n")
        let notes = section.notes.map { "<p class=\"note\">\(escaped($0))</p>" }.joined()
        return """
            <section class="table\(section.header.isEmpty ? " facts" : "")"><h3>\(escaped(section.title))</h3>
            <div class="scroll"><table>\(head)<tbody>
            \(body)
            </tbody></table></div>\(notes)</section>

            """
    }

    /// What must not be overlooked is marked.
    private static func mark(_ cell: String) -> String {
        switch cell {
        case "FAILED", "did not hold": "<strong class=\"bad\">\(cell)</strong>"
        case "ok", "held": "<strong class=\"good\">\(cell)</strong>"
        default: escaped(cell)
        }
    }
}
