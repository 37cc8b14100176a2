import Foundation
import RepriseTestSupport
import Testing

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
