import Foundation
import RepriseTestSupport
import Testing

/// What docker/Dockerfile takes into the image's build, without building it.
@Suite struct ImageTests {
    private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The lines of a file, without comments.
    private func lines(of path: String) throws -> [String] {
        try String(contentsOf: root.appending(path: path), encoding: .utf8).split(separator: "\n").map(String.init)
            .filter { !$0.hasPrefix("#") }
    }

    /// What COPY takes from the repository, and under which name; other stages are no concern of the repository's.
    private func copies() throws -> [(from: String, to: String)] {
        try lines(of: "docker/Dockerfile").filter { $0.hasPrefix("COPY ") && !$0.contains("--from=") }.flatMap { line in
            let words = line.split(separator: " ").dropFirst().map(String.init)
            let target = words.last ?? ""
            return words.dropLast().map { ($0, target.hasSuffix("/") ? target + $0 : target) }
        }
    }

    private func isIgnored(_ path: String) throws -> Bool {
        try lines(of: "docker/Dockerfile.dockerignore").contains { fnmatch($0, path, 0) == 0 }
    }

    @Test(.slow) func `the image is built from a whole package`() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "reprise-image-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (source, target) in try copies() where try !isIgnored(source) {
            let (from, to) = (root.appending(path: source), folder.appending(path: target).standardized)
            try FileManager.default.copyItem(at: from, to: to)
        }
        // Refuses a package in which the folder of a target is missing, as `swift build` does.
        let described = try Shell.run(["swift", "package", "--package-path", folder.path, "describe"], seconds: 60)
        #expect(described.status == 0, "\(described.errors)")
    }
}
