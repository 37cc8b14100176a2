import Foundation

/// The openssl command, in a folder of its own: what an operator's files really look like.
package final class OpenSSLCommand {
    private let folder: URL

    /// Why a command did not do its part.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    package init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("openssl-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Runs `openssl` with the words of a line, in the folder.
    package func run(_ line: String) throws {
        let words = ["openssl"] + line.split(separator: " ").map(String.init)
        let status = try ChildProcess(words, folder: folder).waitForStatus()
        guard status == 0 else { throw Failure(description: "openssl \(line): status \(status)") }
    }

    package func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: folder.appendingPathComponent(name))
    }

    package func read(_ name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: folder.appendingPathComponent(name)))
    }
}
