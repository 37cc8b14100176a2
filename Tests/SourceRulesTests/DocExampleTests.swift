import Foundation
import RepriseTestSupport
import Testing

/// A public type, and the examples in its doc comment.
private struct PublicType {
    let name: String
    let place: String
    let isNested: Bool
    let examples: [String]
}

/// The public types of the sources, read as text.
private struct PublicTypes {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func all() -> [PublicType] {
        let base = root.appending(path: "Sources")
        let paths = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
        return paths.filter { $0.hasSuffix(".swift") }.sorted().flatMap { path -> [PublicType] in
            guard let text = try? String(contentsOf: base.appending(path: path), encoding: .utf8) else { return [] }
            return types(in: text, of: "Sources/\(path)")
        }
    }

    private static func types(in text: String, of path: String) -> [PublicType] {
        let declaration = /^( *)public (?:final |indirect )?(?:class|struct|enum|protocol|actor) (\w+)/
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var comment: [String] = []
        var found: [PublicType] = []
        for (number, line) in lines.enumerated() {
            let trimmed = line.drop { $0 == " " }
            if trimmed.hasPrefix("///") {
                comment.append(String(trimmed.dropFirst(trimmed.hasPrefix("/// ") ? 4 : 3)))
                continue
            }
            // Attributes stand between a comment and what it is of.
            if trimmed.hasPrefix("@") { continue }
            if let match = line.prefixMatch(of: declaration) {
                found.append(
                    PublicType(
                        name: String(match.2), place: "\(path):\(number + 1)", isNested: !match.1.isEmpty,
                        examples: examples(in: comment)))
            }
            comment = []
        }
        return found
    }

    private static func examples(in comment: [String]) -> [String] {
        comment.joined(separator: "\n").matches(of: /```swift\n((?s).*?)\n```/).map { String($0.1) }
    }
}

/// The examples in the doc comments of public types, as a program that embeds Reprise would have them.
@Suite struct DocExampleTests {
    @Test func `every public type has an example`() {
        let types = PublicTypes.all()
        #expect(types.count > 40, "the declarations are read as they are written")
        for type in types {
            #expect(!type.examples.isEmpty, "\(type.place): \(type.name) has no ```swift block in its doc comment")
        }
    }

    @Test(.slow) func `every example is compiled with import Reprise alone`() throws {
        let folder = RepriseProcess.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let sources = folder.appending(path: "Sources/Examples")
        try FileManager.default.createDirectory(at: sources, withIntermediateDirectories: true)
        try Data(Self.manifest.utf8).write(to: folder.appending(path: "Package.swift"))
        // A file for each, named after its type, so that what the compiler says is clear.
        for (number, type) in PublicTypes.all().enumerated() {
            let functions = type.examples.enumerated().map { Self.function("example_\(number)_\($0)", of: $1) }
            try Data(("import Reprise\n\n" + functions.joined(separator: "\n")).utf8).write(
                to: sources.appending(path: "\(type.name)-\(number).swift"))
        }
        // The versions of the packages that this build has are at hand.
        let resolved = PublicTypes.root.appending(path: "Package.resolved")
        if FileManager.default.fileExists(atPath: resolved.path) {
            try FileManager.default.copyItem(at: resolved, to: folder.appending(path: "Package.resolved"))
        }
        let built = try Shell.run(["swift", "build", "--package-path", folder.path], seconds: 900)
        #expect(built.status == 0, "\(built.output.suffix(8000))\n\(built.errors)")
    }

    /// What examples may name without saying where it comes from.
    private static let givens = """
        server: Server, session: RetainedSession, context: SessionContext, store: any SessionStore
        """

    private static func function(_ name: String, of example: String) -> String {
        "func \(name)(\(givens)) async throws {\n\(example)\n}\n"
    }

    /// Warnings are left as they are: an example names what its reader goes on with.
    private static var manifest: String {
        """
        // swift-tools-version: 6.3
        import PackageDescription
        let package = Package(
            name: "examples",
            dependencies: [.package(name: "reprise", path: "\(PublicTypes.root.path)")],
            targets: [
                .target(
                    name: "Examples", dependencies: [.product(name: "Reprise", package: "reprise")],
                    swiftSettings: [
                        .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
                    ])
            ])

        """
    }
}

/// The reference that DocC makes of the modules that a program imports.
@Suite struct DocumentationTests {
    private static let root = PublicTypes.root

    /// Of a path in Sources, the folder of its module.
    private static func folder(of type: PublicType) -> String { String(type.place.split(separator: "/")[1]) }

    private static func page(of folder: String) throws -> String {
        let module = folder == "Reprise" ? folder : "Reprise\(folder)"
        return try String(
            contentsOf: root.appending(path: "Sources/\(folder)/Documentation.docc/\(module).md"), encoding: .utf8)
    }

    @Test func `every public type is a topic on its module's page`() throws {
        for type in PublicTypes.all() where !type.isNested {
            let topics = try Self.page(of: Self.folder(of: type)).split(separator: "## Topics").last ?? ""
            #expect(topics.contains("- ``\(type.name)``\n"), "\(type.place): \(type.name)")
        }
    }

    @Test func `the reference is made of every module with a public type`() throws {
        let makefile = try String(contentsOf: Self.root.appending(path: "Makefile"), encoding: .utf8)
        let modules = try #require(makefile.firstMatch(of: /\nDOCC = ([^\n]*)/)).1.split(separator: " ").map(
            String.init)
        let folders = Set(PublicTypes.all().map(Self.folder))
        #expect(Set(modules) == Set(folders.map { $0 == "Reprise" ? $0 : "Reprise\($0)" }))
    }

    /// In a copy: what the plugin's package adds stays out of the versions that other builds have.
    @Test(.slow) func `the reference is made without a warning`() throws {
        let folder = RepriseProcess.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for part in ["Package.swift", "Makefile", "Sources", "Benchmarks", "Tests", "conf"] {
            try FileManager.default.copyItem(
                at: Self.root.appending(path: part), to: folder.appending(path: part))
        }
        let made = try Shell.run(["make", "-C", folder.path, "docc"], seconds: 900)
        #expect(made.status == 0, "\(made.output.suffix(8000))\n\(made.errors.suffix(8000))")
    }
}
