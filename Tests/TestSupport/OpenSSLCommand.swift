import Foundation
import Glibc

/// The openssl command, in a folder of its own: what an operator's files really look like.
///
/// Not by Foundation's Process, which leaks a weak reference for each command and so hides leaks of ours.
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
        let words = ["env", "-C", folder.path, "openssl"] + line.split(separator: " ").map(String.init)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        for descriptor: CInt in [1, 2] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
        }
        var process: pid_t = 0
        guard posix_spawnp(&process, "env", &actions, nil, &arguments, environ) == 0 else {
            throw Failure(description: "no command could be started")
        }
        var status: CInt = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
        guard status == 0 else { throw Failure(description: "openssl \(line): status \(status)") }
    }

    package func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: folder.appendingPathComponent(name))
    }

    package func read(_ name: String) throws -> [UInt8] {
        try [UInt8](Data(contentsOf: folder.appendingPathComponent(name)))
    }
}
