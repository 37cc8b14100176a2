import Foundation
import RepriseConfiguration
import Testing

/// Files that are made from the shape of the configuration, or have to keep up with it.
@Suite struct DocumentTests {
    private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private var writes: Bool { ProcessInfo.processInfo.environment["REPRISE_WRITE_DOCS"] != nil }

    private func read(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test func `conf/reprise.schema.json is the schema that the program prints`() throws {
        let file = "conf/reprise.schema.json"
        if writes { try Data(ConfigurationSchema.json.utf8).write(to: root.appending(path: file)) }
        #expect(try read(file) == ConfigurationSchema.json)
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(ConfigurationSchema.json.utf8)) }
    }

    @Test func `docs/configuration.md lists every option as the code has it`() throws {
        let file = "docs/configuration.md"
        let text = try read(file)
        let start = try #require(text.range(of: "<!-- options -->\n"))
        let end = try #require(text.range(of: "<!-- /options -->"))
        if writes {
            let new = text[..<start.upperBound] + ConfigurationDocument.options + text[end.lowerBound...]
            try Data(new.utf8).write(to: root.appending(path: file))
            return
        }
        #expect(String(text[start.upperBound..<end.lowerBound]) == ConfigurationDocument.options)
    }

    @Test func `conf/reprise.yaml names every option and is valid as it stands`() throws {
        let text = try read("conf/reprise.yaml")
        let loaded = load(text)
        #expect(loaded.faults.isEmpty && loaded.warnings.isEmpty, "\(loaded.faults) \(loaded.warnings)")
        for path in ConfigurationDocument.paths {
            let key = path.split(separator: ".").last ?? ""
            #expect(
                text.contains("\(key):") || text.contains("(\(key)") || text.contains(" \(key),")
                    || text.contains(" \(key))"), "\(path)")
        }
    }

    @Test func `every example is a valid configuration`() throws {
        let folder = root.appending(path: "conf/examples")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        #expect(files.count >= 8)
        for file in files {
            let loaded = load(try read("conf/examples/\(file)"))
            #expect(loaded.faults.isEmpty && loaded.warnings.isEmpty, "\(file): \(loaded.faults) \(loaded.warnings)")
            #expect(try read("docs/configuration.md").contains(file), "\(file) is not mentioned")
        }
    }
}
