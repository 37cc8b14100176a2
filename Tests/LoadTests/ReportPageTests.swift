import Foundation
import RepriseLoad
import RepriseTestSupport
import Testing

/// The page of a report.
@Suite struct ReportPageTests {
    /// Reads a page as a browser does, and its pictures as XML.
    private static let reader = """
        import re, sys, xml.etree.ElementTree as tree
        from html.parser import HTMLParser
        page = open(sys.argv[1], encoding='utf-8').read()
        class Reader(HTMLParser):
            empty = {'meta', 'br', 'hr', 'img', 'link', 'input'}
            def __init__(self):
                super().__init__()
                self.open, self.ids = [], []
            def handle_starttag(self, tag, attributes):
                for name, value in attributes:
                    assert name not in ('src', 'href', 'srcset', 'action') and not name.startswith('on'), (tag, name)
                    if name == 'id': self.ids.append(value)
                if tag not in self.empty: self.open.append(tag)
            def handle_endtag(self, tag):
                assert self.open and self.open[-1] == tag, (tag, self.open, self.getpos())
                self.open.pop()
        reader = Reader()
        reader.feed(page)
        reader.close()
        assert not reader.open, reader.open
        assert len(set(reader.ids)) == len(reader.ids), reader.ids
        for word in ('<script', 'url(', '@import', '<link', '<iframe'):
            assert word not in page.lower(), word
        figures = re.findall(r'<figure id="([^"]+)">(.*?)</figure>', page, re.S)
        for name, figure in figures:
            plot = tree.fromstring(re.search(r'<svg class="plot".*?</svg>', figure, re.S).group(0))
            lines = [p.get('d') for p in plot.iter('path') if p.get('class', '').startswith('line')]
            points = max([len(re.findall('[ML]', line)) for line in lines] + [0])
            assert 'nan' not in figure and 'inf' not in ''.join(lines), name
            print(name, points, len([r for r in plot.iter('rect')]), '<figcaption>' in figure)
        """

    /// The plots of a page, by name, with the points of their longest line and their read-outs.
    private func plots(_ report: LoadReport) throws -> [String: (points: Int, readOuts: Int)] {
        let file = RepriseProcess.temporaryFolder().appending(path: "page.html")
        defer { try? FileManager.default.removeItem(at: file.deletingLastPathComponent()) }
        try Data(report.page().utf8).write(to: file)
        let read = try Shell.run(["python3", "-c", Self.reader, file.path])
        #expect(read.status == 0, "\(read.errors)")
        var plots: [String: (points: Int, readOuts: Int)] = [:]
        for line in read.output.split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 4, let points = Int(words[1]), let readOuts = Int(words[2]) else { continue }
            plots[words[0]] = (points, readOuts)
            #expect(words[3] == "True", "a caption for \(words[0])")
        }
        return plots
    }

    @Test func `a page is whole, and loads nothing from anywhere`() throws {
        let report = SampleReports.everything(seconds: 20)
        let page = report.page()
        let plots = try plots(report)
        #expect(
            Set(plots.keys) == [
                "percentiles", "histogram", "rate", "over-time-ready", "over-time-full", "over-time-resumed",
                "over-time-request", "open", "busy",
            ])
        #expect(page.contains("default-src 'none'") && page.contains("<title>Load report: https://shop.example:8443"))
        #expect(page.contains("prefers-color-scheme: dark") && page.contains("color-scheme\" content=\"light dark"))
        for text in report.generator.limits + ["CAUTION", "FAILED", "seed 7", "OpenSSL 3.0.22", "127.0.0.3"] {
            #expect(page.contains(text.replacingOccurrences(of: "'", with: "&#39;")), "\(text)")
        }
        let banner = try #require(page.range(of: "class=\"banner\"")).lowerBound
        #expect(try banner < #require(page.range(of: "class=\"tiles\"")).lowerBound, "before the figures")
    }

    @Test func `what a report holds is text on its page`() throws {
        var report = SampleReports.everything(seconds: 2)
        let attack = "\"'><script>alert(1)</script>&amp;"
        report.target = attack
        report.command = ["reprise", attack]
        report.events = [.init(at: 1, command: attack, status: 1)]
        report.generator.limits = [attack]
        report.server = [.init(name: attack, before: 0, after: .greatestFiniteMagnitude)]
        report.environment.host = attack
        report.summary.failures = [attack: 3]
        report.times[attack] = report.times["ready"]
        _ = try plots(report)
        #expect(report.page().contains("&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;"))
    }

    @Test func `a point for each second, and at most 400 of a long run`() throws {
        let short = try plots(SampleReports.run(seconds: 30, rate: 20))
        #expect(short["rate"]?.points == 30 && short["rate"]?.readOuts == 30)
        #expect(short["percentiles"]?.points == 200)
        var long = SampleReports.run(seconds: 1, rate: 20)
        for end in 2...3601 {
            var second = long.seconds[0]
            second.at = Double(end)
            long.seconds.append(second)
        }
        let plots = try plots(long)
        for name in ["rate", "over-time-ready", "busy", "open"] {
            let plot = try #require(plots[name])
            // Ten seconds in each point.
            #expect((300...400).contains(plot.points) && (1...120).contains(plot.readOuts), "\(name): \(plot)")
        }
        #expect(
            long.page().contains(">20min</text>") && long.page().contains("Each point is the highest of 10 seconds."))
    }

    @Test func `runs with hardly anything in them have a page too`() throws {
        #expect(try plots(LoadReport()).isEmpty)
        #expect(LoadReport().page().contains("No handshake was finished."))
        let one = try plots(SampleReports.run(seconds: 1, rate: 1))
        #expect(one["rate"] != nil && one["percentiles"] != nil)
        var failing = LoadReport()
        failing.seconds = [.init(), .init()]
        failing.seconds[1].failed = 4
        #expect(try plots(failing)["rate"] != nil)
        var full = SampleReports.run(seconds: 3)
        for name in ["handshake.id", "handshake.ticket", "handshake.psk"] { full.times[name] = nil }
        for number in full.seconds.indices { full.seconds[number].resumedHandshake = nil }
        let plots = try plots(full)
        #expect(plots["over-time-resumed"] == nil && plots["over-time-full"] != nil && plots["histogram"] != nil)
    }

    @Test func `odd figures of a hand-made report break nothing`() throws {
        var report = SampleReports.run(seconds: 2)
        report.times["handshake.full"]?.histogram = [[], [1], [5, 0], [0, 3], [.max, 1]]
        report.times["handshake.full"]?.max = .max
        report.times["ready"]?.histogram = []
        report.seconds[0].at = 1e300
        report.seconds[1].at = -1e300
        report.seconds[1].busy = 1e300
        report.summary.elapsedSeconds = 1e-300
        report.events = [.init(at: 1e300, command: "", status: nil), .init(at: -5, command: "", status: nil)]
        _ = try plots(report)
        _ = report.table(width: 80)
        _ = LoadComparison(report, report).table(width: 80)
    }
}
