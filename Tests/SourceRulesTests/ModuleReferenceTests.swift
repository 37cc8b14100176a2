import Foundation
import RepriseTestSupport
import Testing

/// The reference that DocC makes of the modules that a program imports.
@Suite struct ModuleReferenceTests {
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
        for part in ["Package.swift", "Package.resolved", "Makefile", "Sources", "Benchmarks", "Tests", "conf"]
        where FileManager.default.fileExists(atPath: Self.root.appending(path: part).path) {
            try FileManager.default.copyItem(
                at: Self.root.appending(path: part), to: folder.appending(path: part))
        }
        let made = try Shell.run(["make", "-C", folder.path, "docc"], seconds: 900)
        #expect(made.status == 0, "\(made.output.suffix(8000))\n\(made.errors.suffix(8000))")
    }
}
