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
        // The graph is built with them; this asks whether it was.
        _ = try BuiltGraph.program("Graph")
    }
}

/// The examples of the doc comments as files of Swift.
enum DocExamples {
    /// Writes a file for each type, named after it, so that what the compiler says is clear.
    static func write(to sources: URL) throws {
        try FileManager.default.createDirectory(at: sources, withIntermediateDirectories: true)
        for (number, type) in PublicTypes.all().enumerated() {
            let functions = type.examples.enumerated().map { function("example_\(number)_\($0)", of: $1) }
            try Data(("import Reprise\n\n" + functions.joined(separator: "\n")).utf8).write(
                to: sources.appending(path: "\(type.name)-\(number).swift"))
        }
    }

    /// What examples may name without saying where it comes from.
    private static let givens = """
        server: Server, session: RetainedSession, context: SessionContext, store: any SessionStore
        """

    private static func function(_ name: String, of example: String) -> String {
        "func \(name)(\(givens)) async throws {\n\(example)\n}\n"
    }
}
