import Foundation
import RepriseTestSupport
import Testing

/// The sources of the package, read as text.
private struct SourceTree {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    func files(under folder: String, ending: String = ".swift") -> [(path: String, text: String)] {
        let base = root.appending(path: folder)
        let paths = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(ending) }.sorted().compactMap { path in
            guard let text = try? String(contentsOf: base.appending(path: path), encoding: .utf8) else { return nil }
            return ("\(folder)/\(path)", text)
        }
    }

    var tracked: [String] {
        let result = try? Shell.run(["git", "-C", root.path, "ls-files"])
        return (result?.output ?? "").split(separator: "\n").map(String.init)
    }
}

private let tree = SourceTree()

@Suite struct SourceRulesTests {
    /// Which modules a module may know: the arrows of docs/architecture.md.
    private static let modules: [String: Set<String>] = [
        "RepriseVocabulary": [],
        // Dispatch: where the tasks of a loop that has ended go on.
        "RepriseEventLoop": ["CRepriseCares", "CRepriseEvent", "CRepriseTimer", "RepriseVocabulary", "Dispatch"],
        "RepriseTLS": ["CRepriseOpenSSL", "CReprisePrimitives", "RepriseVocabulary"],
        "RepriseMetrics": ["RepriseVocabulary", "Logging"],
        "RepriseConfiguration": ["RepriseVocabulary", "Yams"],
        // Dispatch: threads for stores that answer later, apart from Swift's own pool.
        "RepriseResumption": ["RepriseTLS", "RepriseMetrics", "RepriseVocabulary", "Dispatch"],
        "RepriseRouting": ["RepriseResumption", "RepriseVocabulary"],
        "RepriseProxy": [
            "RepriseEventLoop", "RepriseTLS", "RepriseMetrics", "RepriseResumption", "RepriseRouting",
            "RepriseVocabulary", "Logging",
        ],
        // FoundationEssentials: JSON, which Yams brings anyway.
        "RepriseLoad": [
            "RepriseEventLoop", "RepriseTLS", "RepriseVocabulary", "Histogram", "FoundationEssentials", "Yams",
        ],
        "RepriseAdmin": ["RepriseEventLoop", "RepriseMetrics", "RepriseVocabulary"],
        // Dispatch: threads that read certificates are waited for, at a start and before a reload.
        "Reprise": [
            "Dispatch", "CRepriseRouter", "RepriseAdmin", "RepriseProxy", "RepriseRouting", "RepriseResumption",
            "RepriseConfiguration",
            "RepriseMetrics", "RepriseTLS", "RepriseEventLoop", "RepriseVocabulary",
            "Logging",
        ],
        "RepriseCommand": ["Reprise", "RepriseLoad", "CRepriseProcess", "ArgumentParser"],
    ]
    private static let system: Set<String> = ["Glibc", "Synchronization"]

    @Test(arguments: modules.keys.sorted())
    func `a module imports only the modules below it`(module: String) throws {
        let allowed = try #require(Self.modules[module]).union(Self.system)
        for (path, text) in tree.files(under: "Sources/\(Self.folder(of: module))") {
            for line in text.split(separator: "\n")
            where line.firstRange(of: #/^(public |package |internal )?import /#) != nil {
                let module = String(line.split(separator: " ").last ?? "")
                #expect(allowed.contains(module), "\(path) imports \(module)")
            }
        }
    }

    @Test func `every module is in the table`() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: tree.root.appending(path: "Sources").path)
        #expect(
            Set(folders)
                == Set(Self.modules.keys.map(Self.folder)).union([
                    "CCares", "CTimer", "CLibSSL", "CLibEvent", "CPrimitives", "CProcess", "CRouter",
                ]))
    }

    /// A module's name is unique in whatever graph of packages it ends up in; its folder has a short one.
    private static func folder(of module: String) -> String {
        ["Reprise", "RepriseCommand"].contains(module) ? module : String(module.dropFirst("Reprise".count))
    }

    @Test func `a file can be read in one sitting`() {
        for (path, text) in tree.files(under: "Sources") {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count
            #expect(lines <= 350, "\(path) has \(lines) lines")
        }
    }

    @Test func `a function is at most 60 lines long`() {
        for (path, text) in tree.files(under: "Sources") {
            var start: (line: Int, indent: Int)?
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                let indent = line.prefix { $0 == " " }.count
                let begins = line.firstRange(of: #/^\s*[^\/]*\b(func|init)\b.*\{$/#) != nil
                if start == nil, begins { start = (number, indent) }
                guard let open = start, line.hasPrefix(String(repeating: " ", count: open.indent) + "}") else {
                    continue
                }
                #expect(number - open.line <= 60, "\(path):\(open.line + 1)")
                start = nil
            }
        }
    }

    @Test func `unchecked sendability gives its reason`() {
        for (path, text) in tree.files(under: "Sources") {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            for (number, line) in lines.enumerated() where line.contains("@unchecked Sendable") {
                let above = lines[max(0, number - 4)..<number].joined()
                #expect(above.contains("// @unchecked:"), "\(path):\(number + 1)")
            }
        }
    }

    @Test(arguments: [
        ("try!", "handle the error"), ("fatalError(", "precondition with both values, or an error"),
        ("import Foundation", "Glibc and Synchronization"), ("usleep(", "a timer of the loop"),

        ("Date()", "Clocks"), ("as!", "as?"), ("print(", "the log, or Terminal"),
    ])
    func `calls that have a better one are not used`(call: String, instead: String) {
        for (path, text) in tree.files(under: "Sources") {
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                let code = line.firstRange(of: "//").map { line[..<$0.lowerBound] } ?? line
                let hit = code.ranges(of: call).contains { range in
                    // A longer word that ends or begins the same way is another call.
                    (range.lowerBound == code.startIndex || !code[code.index(before: range.lowerBound)].isLetter)
                        && (call.last?.isLetter != true || code[range.upperBound...].first?.isLetter != true)
                }
                #expect(!hit, "\(path):\(number + 1): use \(instead)")
            }
        }
    }

    @Test func `nothing is named after having no name`() {
        for (path, text) in tree.files(under: "Sources") {
            let hits = text.matches(of: #/\b(struct|class|enum|actor|protocol) \w*(Utils?|Helpers?|Managers?)\b/#)
            #expect(hits.isEmpty, "\(path)")
        }
    }

    private static let asked = [
        "begin", "find", "openingKey", "ticketDidNotOpen", "judge", "prepare", "sealingKey", "mark", "store",
        "checkResumption", "resumptionIsProved", "callIsOver", "grantWishes", "handshakeIsDone",
    ]

    @Test func `what other modules use is documented`() {
        for (path, text) in tree.files(under: "Sources") {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            for (number, line) in lines.enumerated() {
                let isType =
                    line.firstRange(of: #/^\s*(package|public) (final )?(struct|class|enum|actor|protocol|func) /#)
                    != nil
                guard isType, number > 0 else { continue }
                var above = number - 1
                while above > 0, lines[above].firstRange(of: #/^\s*(@|\/\/ )/#) != nil { above -= 1 }
                let isDocumented = lines[above].contains("///")
                // What only fulfils a protocol's demand is documented there.
                let isSessionWitness =
                    path.contains("ConnectionResumption") && Self.asked.contains { line.contains("func \($0)(") }
                let isWitness =
                    line.firstRange(of: #/func (<|==|hash|encode|enqueue|asUnowned|checkIsolated|isIsolating|log)/#)
                    != nil
                #expect(isDocumented || isWitness || isSessionWitness, "\(path):\(number + 1): \(line)")
            }
        }
    }

    @Test func `the repository says nothing of how it was made, and leaves nothing for later`() throws {
        let words = ["TO" + "DO", "FIX" + "ME", "subag" + "ent", "language mo" + "del", "/wo" + "rk/", "/tmp/" + "wt"]
        for path in tree.tracked where !path.hasPrefix(".ci/") {
            guard let text = try? String(contentsOf: tree.root.appending(path: path), encoding: .utf8) else { continue }
            for word in words { #expect(!text.contains(word), "\(path) has \(word)") }
        }
    }

    @Test func `the top level is small`() throws {
        let allowed: Set<String> = [
            "Package.swift", "Sources", "Tests", "conf", "docker", "README.md", "Makefile", "Benchmarks", "docs",
            "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE", "SECURITY.md",
        ]
        let top = Set(tree.tracked.map { String($0.split(separator: "/")[0]) }.filter { !$0.hasPrefix(".") })
        #expect(top.isSubset(of: allowed), "\(top.subtracting(allowed))")
    }

    @Test func `links between documents lead somewhere`() throws {
        let documents = tree.files(under: "docs", ending: ".md")
        for (path, text) in documents {
            for match in text.matches(of: #/\]\(([^)#:\s]+)(#[^)]*)?\)/#) {
                let target = tree.root.appending(path: path).deletingLastPathComponent().appending(
                    path: String(match.1))
                #expect(FileManager.default.fileExists(atPath: target.standardized.path), "\(path): \(match.1)")
            }
        }
    }

    @Test func `a source that a document names is there`() throws {
        var count = 0
        for (path, text) in tree.files(under: "docs", ending: ".md") + tree.files(under: "CONTRIBUTING", ending: ".md")
        {
            for match in text.matches(of: /`([A-Z]\w+(\/[\w+]+)+(\.swift)?)`/) {
                let named = tree.root.appending(path: match.1.hasPrefix("Sources/") ? "" : "Sources").appending(
                    path: String(match.1))
                guard
                    FileManager.default.fileExists(
                        atPath: tree.root.appending(path: "Sources").appending(
                            path: String(match.1.prefix { $0 != "/" })
                        ).path) || match.3 != nil
                else { continue }
                count += 1
                #expect(FileManager.default.fileExists(atPath: named.path), "\(path): \(match.1)")
            }
        }
        #expect(count > 10)
    }

    @Test func `the package can be depended on`() throws {
        let manifest = try String(contentsOf: tree.root.appending(path: "Package.swift"), encoding: .utf8)
        #expect(!manifest.contains("unsafe" + "Flags"))
        #expect(!manifest.contains("branch:") && !manifest.contains("revision:"))
    }
}
