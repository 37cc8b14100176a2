/// Numbers as a line of small bars: `▁▃▅▇`.
enum Sparkline {
    private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

    /// The newest of them, one a column; the tallest bar is the largest number. Nothing at all is a space.
    static func text(_ numbers: [Double], width: Int) -> String {
        let shown = numbers.suffix(max(0, width))
        guard let largest = shown.max(), largest > 0 else { return String(repeating: " ", count: shown.count) }
        return String(
            shown.map { number in
                guard number > 0 else { return " " }
                return bars[min(bars.count - 1, Int(number / largest * Double(bars.count)))]
            })
    }
}
