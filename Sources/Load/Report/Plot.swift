internal import Glibc

/// A picture of some series of points, drawn as SVG that needs nothing from outside.
struct Plot {
    /// How many points of a series are drawn at most: a screen shows no more, and a page of an hour's run stays small.
    static let mostPoints = 400
    /// How many strips of a plot say their values when they are pointed at.
    static let mostReadOuts = 120

    /// One line, area or row of marks.
    struct Series {
        enum Shape { case line, area, crosses, triangles }

        let name: String
        /// A class of ``PageStyle``: its colour and its dashes.
        let style: String
        var shape = Shape.line
        /// From left to right; `nil` where nothing was measured, which leaves a gap.
        let points: [Point?]
    }

    /// In the units of the axes.
    struct Point {
        let x: Double
        let y: Double
    }

    /// What was done at a moment.
    struct Event {
        let x: Double
        let label: String
    }

    /// Part of the element's id: unique on a page.
    let name: String
    let title: String
    let caption: String
    let x: Axis
    let y: Axis
    let series: [Series]
    /// What was done during the run.
    var events: [Event] = []
    /// Says what the events are; else their numbers alone are marked.
    var explainsEvents = false
    /// What a strip says when it is pointed at, by its place.
    var readOuts: [(x: Double, text: String)] = []

    private static let size = (width: 520.0, height: 300.0)
    private static let margin = (left: 66.0, right: 14.0, top: 16.0, bottom: 48.0)

    /// A figure with its title, legend, picture and caption.
    func figure() -> String {
        let keys = series.map {
            "<li><svg viewBox=\"0 0 26 10\" aria-hidden=\"true\">\(key($0))</svg>\(Markup.escaped($0.name))</li>"
        }
        let marks = (explainsEvents ? events : []).enumerated().map { number, event in
            "<li><b class=\"mark\">\(number + 1)</b>\(Markup.escaped(event.label))</li>"
        }
        return """
            <figure id="\(name)"><h3>\(Markup.escaped(title))</h3>
            <ul class="legend">\((keys + marks).joined())</ul>
            <svg class="plot" viewBox="0 0 520 300" role="img" aria-labelledby="\(name)-title \(name)-words">
            <title id="\(name)-title">\(Markup.escaped(title))</title>
            <desc id="\(name)-words">\(Markup.escaped(caption))</desc>
            \(grid())
            \(eventMarks())
            \(series.map(drawing).joined(separator: "\n"))
            \(strips())
            </svg>
            <figcaption>\(Markup.escaped(caption))</figcaption></figure>

            """
    }

    private func across(_ value: Double) -> Double {
        let room = Self.size.width - Self.margin.left - Self.margin.right
        return Self.margin.left + x.place(value) * room
    }

    private func down(_ value: Double) -> Double {
        let room = Self.size.height - Self.margin.top - Self.margin.bottom
        return Self.size.height - Self.margin.bottom - y.place(value) * room
    }

    private func at(_ x: Double, _ y: Double) -> String { "\(Markup.coordinate(x)) \(Markup.coordinate(y))" }

    private func grid() -> String {
        let (left, right) = (Self.margin.left, Self.size.width - Self.margin.right)
        let (top, bottom) = (Self.margin.top, Self.size.height - Self.margin.bottom)
        let lines =
            y.ticks.map { "M\(at(left, down($0.value)))H\(Markup.coordinate(right))" }
            + x.ticks.map { "M\(at(across($0.value), top))V\(Markup.coordinate(bottom))" }
        let words =
            y.ticks.map { tick in
                text("y", left - 6, down(tick.value) + 4)
                    + "\(Markup.escaped(tick.text))</text>"
            }
            + x.ticks.map { tick in
                text("x", across(tick.value), bottom + 19)
                    + "\(Markup.escaped(tick.text))</text>"
            }
        let middle = (left + right) / 2
        let height = (top + bottom) / 2
        return """
            <path class="grid" d="\(lines.joined())"/>
            <path class="axis" d="M\(at(left, top))V\(Markup.coordinate(bottom))H\(Markup.coordinate(right))"/>
            \(words.joined())
            <text class="x label" x="\(Markup.coordinate(middle))" y="294">\(Markup.escaped(x.label))</text>
            <text class="x label" transform="rotate(-90 12 \(Markup.coordinate(height)))" x="12" \
            y="\(Markup.coordinate(height))">\(Markup.escaped(y.label))</text>
            """
    }

    private func text(_ side: String, _ x: Double, _ y: Double) -> String {
        "<text class=\"\(side)\" x=\"\(Markup.coordinate(x))\" y=\"\(Markup.coordinate(y))\">"
    }

    private func eventMarks() -> String {
        let (top, bottom) = (Self.margin.top, Self.size.height - Self.margin.bottom)
        return events.enumerated().map { number, event in
            let place = across(event.x)
            return "<path class=\"event\" d=\"M\(at(place, top))V\(Markup.coordinate(bottom))\"/>"
                + "<text class=\"x event\" x=\"\(Markup.coordinate(place))\" y=\"11\">\(number + 1)"
                + "<title>\(Markup.escaped(event.label))</title></text>"
        }
        .joined()
    }

    private func drawing(_ series: Series) -> String {
        switch series.shape {
        case .crosses, .triangles:
            let crosses = series.points.compactMap { $0 }.map { point in
                "M\(at(across(point.x), down(point.y)))\(mark(series.shape))"
            }
            return crosses.isEmpty ? "" : "<path class=\"line \(series.style)\" d=\"\(crosses.joined())\"/>"
        case .line, .area:
            var (line, area, dots) = ("", "", "")
            for run in series.points.split(whereSeparator: { $0 == nil }) {
                let points = run.compactMap { $0 }
                guard let first = points.first, let last = points.last else { continue }
                let path = points.map { at(across($0.x), down($0.y)) }.joined(separator: "L")
                // A line of one point is not seen.
                if points.count == 1 { dots += "M\(path)h0" } else { line += "M\(path)" }
                if series.shape == .area, points.count > 1 {
                    let floor = down(y.lower)
                    area += "M\(at(across(first.x), floor))L\(path)L\(at(across(last.x), floor))Z"
                }
            }
            return (area.isEmpty ? "" : "<path class=\"area \(series.style)\" d=\"\(area)\"/>")
                + (line.isEmpty ? "" : "<path class=\"line \(series.style)\" d=\"\(line)\"/>")
                + (dots.isEmpty ? "" : "<path class=\"line dot \(series.style)\" d=\"\(dots)\"/>")
        }
    }

    /// A mark around the point where the path is.
    private func mark(_ shape: Series.Shape) -> String {
        shape == .triangles ? "m-4 3h8l-4 -7z" : "m-3 -3l6 6m0 -6l-6 6"
    }

    private func key(_ series: Series) -> String {
        switch series.shape {
        case .line: "<path class=\"line \(series.style)\" d=\"M1 5H25\"/>"
        case .area:
            "<path class=\"area \(series.style)\" d=\"M1 9V3H25V9Z\"/>"
                + "<path class=\"line \(series.style)\" d=\"M1 3H25\"/>"
        case .crosses, .triangles:
            "<path class=\"line \(series.style)\" d=\"M13 5\(mark(series.shape))\"/>"
        }
    }

    /// Strips that nobody sees; a browser shows the title of the one that is pointed at.
    private func strips() -> String {
        let (top, bottom) = (Self.margin.top, Self.size.height - Self.margin.bottom)
        let (left, right) = (Self.margin.left, Self.size.width - Self.margin.right)
        let shown = readOuts.enumerated().filter { number, _ in
            let step = (readOuts.count + Self.mostReadOuts - 1) / Self.mostReadOuts
            return step <= 1 || number.isMultiple(of: step)
        }
        .map { (place: across($0.element.x), text: $0.element.text) }
        return shown.enumerated().map { number, strip in
            let from = number == 0 ? left : (shown[number - 1].place + strip.place) / 2
            let to = number == shown.count - 1 ? right : (strip.place + shown[number + 1].place) / 2
            return "<rect class=\"strip\" x=\"\(Markup.coordinate(from))\" y=\"\(Markup.coordinate(top))\" "
                + "width=\"\(Markup.coordinate(max(0, to - from)))\" height=\"\(Markup.coordinate(bottom - top))\">"
                + "<title>\(Markup.escaped(strip.text))</title></rect>"
        }
        .joined()
    }
}
