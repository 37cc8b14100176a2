import Glibc
import RepriseLoad

/// How a run is shown while it goes on.
enum LoadView: String, CaseIterable {
    /// A whole screen.
    case full
    /// A line each second.
    case lines
    case none
}

/// Shows a run on standard error.
final class LoadTerminal {
    private let view: LoadView
    private var screen: LoadScreen
    private var isDrawing = false

    /// - Parameter view: `nil` for what fits: a whole screen on a terminal that is large enough for it.
    init(_ view: LoadView?, _ screen: LoadScreen) {
        let fits = Self.size.map { $0.columns >= LoadScreen.columns && $0.rows >= LoadScreen.rows } ?? false
        let canMove = Terminal.environment["TERM"].map { $0 != "dumb" && !$0.isEmpty } ?? false
        self.view = view ?? (fits && canMove ? .full : .lines)
        self.screen = screen
    }

    /// How wide a table may be.
    static var columns: Int { min(200, max(80, size?.columns ?? 100)) }

    /// Standard error's; `nil` where it is no terminal.
    private static var size: (columns: Int, rows: Int)? {
        var size = winsize()
        guard isatty(STDERR_FILENO) == 1, ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// The run begins.
    func begin() {
        guard view == .full else { return }
        isDrawing = true
        // The alternate screen, without a cursor: what was on the terminal before comes back.
        Terminal.draw("\u{1b}[?1049h\u{1b}[?25l")
        draw()
    }

    /// A second of it is over.
    func take(_ news: LoadConductor.News) {
        switch view {
        case .full:
            screen.take(news)
            draw()
        case .lines: Terminal.draw(LoadLine(news).text + "\n")
        case .none: break
        }
    }

    /// The run has ended.
    func end() {
        guard isDrawing else { return }
        isDrawing = false
        Terminal.restore("\u{1b}[?25h\u{1b}[?1049l")
    }

    private func draw() {
        let size = Self.size ?? (80, 24)
        let lines = screen.lines(columns: size.columns, rows: size.rows)
        // Each line is ended where it was longer before, and so is the screen.
        Terminal.draw("\u{1b}[H" + lines.map { $0 + "\u{1b}[K\r\n" }.joined() + "\u{1b}[J")
    }
}
