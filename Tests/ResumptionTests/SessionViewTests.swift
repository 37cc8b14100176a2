import Foundation
import RepriseTestSupport
import Testing

/// S1: the compiler keeps a borrowed session inside the connection's lifetime.
@Suite struct SessionViewTests {
    /// What the compiler says of a program that uses the built module.
    private func compile(_ program: String, _ stage: String) throws -> ShellResult {
        let folder = RepriseProcess.temporaryFolder()
        let file = folder.appending(path: "fixture.swift")
        try Data(program.utf8).write(to: file)
        let modules = RepriseProcess.program.deletingLastPathComponent().appending(path: "Modules").path
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try Shell.run([
            "swiftc", stage, "-swift-version", "6", "-I", modules, "-I", root.appending(path: "Sources/CLibSSL").path,
            "-I", root.appending(path: "Sources/CPrimitives/include").path, file.path, "-o", "/dev/null",
        ])
    }

    private let retaining = """
        import RepriseResumption
        func keep(_ view: borrowing SessionView) -> RetainedSession { view.retain() }

        """

    @Test(arguments: ["-typecheck", "-emit-sil"])
    func `a program that retains what it is lent compiles`(_ stage: String) throws {
        let result = try compile(retaining, stage)
        #expect(result.status == 0, "\(result)")
    }

    @Test(arguments: [
        ("struct Holder { var view: SessionView }", "stored property 'view' of 'Copyable'-conforming struct 'Holder'"),
        ("func store(_ view: borrowing SessionView) -> [Any] { [view] }", "cannot convert value of type 'SessionView'"),
        ("var all: [SessionView] = []", "type 'SessionView' does not conform to protocol 'Copyable'"),
    ])
    func `a program whose types could store what it is lent does not`(_ fault: String, _ diagnostic: String) throws {
        let result = try compile(retaining + fault, "-typecheck")
        #expect(result.status != 0 && result.errors.contains(diagnostic), "\(result)")
    }

    /// Ownership is checked one stage after types.
    @Test(arguments: [
        (
            "func store(_ view: borrowing SessionView) -> SessionView { view }",
            "'view' is borrowed and cannot be consumed"
        ),
        (
            "final class Holder { var view: SessionView?\n"
                + "func store(_ view: borrowing SessionView) { self.view = view } }",
            "implicit conversion to 'SessionView?' is consuming"
        ),
        (
            "func store(_ view: borrowing SessionView) -> () -> RetainedSession { { view.retain() } }",
            "'view' cannot be captured by an escaping closure"
        ),
    ])
    func `a program that lets out what it is lent does not either`(_ fault: String, _ diagnostic: String) throws {
        let result = try compile(retaining + fault, "-emit-sil")
        #expect(result.status != 0 && result.errors.contains(diagnostic), "\(result)")
    }
}
