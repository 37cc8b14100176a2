import Foundation
import RepriseEventLoop
import RepriseTestSupport
import RepriseVocabulary
import Testing

@testable import Reprise

/// A change of a watched file counts once two looks in a row have found it.
@Suite struct FileChangesTests {
    /// What one look after the other finds of a file whose state "a" is in use.
    struct Script: Sendable, CustomTestStringConvertible {
        /// A state for each look, "-" for no file; the last one stays.
        let finds: String
        /// The looks that tell of a change.
        let told: [Int]

        var testDescription: String { finds }
    }

    @Test(arguments: [
        Script(finds: "aaaaaaaaaa", told: []),
        Script(finds: "abbaaaaaaa", told: [3]),
        // It may be the surroundings that kept it from being used: it is told of again, ever more seldom.
        Script(finds: "abbbbbbbbbbbbbbbbbbb", told: [3, 7, 17]),
        Script(finds: "abaababaaaaaa", told: []),
        Script(finds: "abcbcbbaaa", told: [7]),
        // What is taken back counts from the beginning when it comes again.
        Script(finds: "abbbaabbaaa", told: [3, 8]),
        Script(finds: "a--aaaaa", told: [3]),
        Script(finds: "a-b-bbaaaa", told: [6]),
    ])
    func `a change is told of when two looks have found it`(script: Script) async throws {
        // What waits takes no thread that other tests run on.
        #expect(try await onOwnThread { try told(by: script) } == script.told)
    }

    /// The looks that tell of a change, each of the one file that changes.
    private func told(by script: Script) throws -> [Int] {
        let folder = RepriseProcess.temporaryFolder()
        for name in ["a", "b", "c"] { try Data(name.utf8).write(to: folder.appending(path: name)) }
        let (looks, told, seen) = (Locked(0), Locked<[Int]>([]), Locked<[[String]]>([]))
        let finds = Array(script.finds)
        let source = ConfigurationSource(
            file: "x.yaml", directory: folder.path, read: { () throws(FileReader.ReadError) in [] },
            readFile: { (_: String) throws(FileReader.ReadError) in [] },
            stamp: { path in
                guard path == "watched" else { return FileStamp(folder.appending(path: "a").path) }
                let look = looks.withLock { looks in
                    looks += 1
                    return looks
                }
                return FileStamp(folder.appending(path: String(finds[min(look, finds.count) - 1])).path)
            })
        let loop = try EventLoop(name: "test")
        let known = FileStamp(folder.appending(path: "a").path)
        // Used on its loop alone.
        nonisolated(unsafe) let changes = FileChanges(
            of: ["watched": known, "another": known], every: .milliseconds(1), from: source, loop: loop,
            changed: { paths in
                told.withLock { $0.append(looks.withLock { $0 }) }
                seen.withLock { $0.append(paths) }
            })
        try loop.start()
        #expect(eventually { looks.withLock { $0 } > finds.count })
        let ended = Locked(false)
        loop.execute {
            changes.stop()
            ended.withLock { $0 = true }
        }
        #expect(eventually { ended.withLock { $0 } })
        loop.stop()
        loop.join()
        #expect(seen.withLock { $0.allSatisfy { $0 == ["watched"] } })
        return told.withLock { $0.filter { $0 <= finds.count } }
    }
}
